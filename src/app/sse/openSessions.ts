import type { Connection } from './connection.ts';
import type { Wish } from './join.ts';
import { SessionStream, type Sources } from './sessionStream.ts';

/** Their records live on as long as their streams are open. */
const REFRESH_MS = 300_000;
/** So many records are asked for at once. */
const AT_ONCE = 100;

/** The sessions that have an open stream at this app. */
export class OpenSessions {
  readonly #sources: Sources;
  readonly #open = new Map<string, Set<SessionStream>>();
  #timer: NodeJS.Timeout | undefined;
  #refreshing = false;
  #again = false;

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  start(): void {
    this.#sources.sessions.start(
      (word) => this.#look(word),
      () => void this.refresh(),
    );
    this.#timer = setInterval(() => void this.refresh(), REFRESH_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Opens a stream with its session's channels. From then on they can be changed, until what it answers is called. */
  join(word: string, connection: Connection, wish: Wish, fail: (error: unknown) => void): () => void {
    const stream = new SessionStream(word, connection, this.#sources, fail);
    // Before its record is read, so that no change of it passes unheard in between.
    this.#open.set(word, (this.#open.get(word) ?? new Set()).add(stream));
    stream.open(wish);
    return () => this.#leave(stream);
  }

  #leave(stream: SessionStream): void {
    const { word } = stream;
    const streams = this.#open.get(word);
    streams?.delete(stream);
    if (streams?.size === 0) this.#open.delete(word);
    stream.leave().catch(() => undefined);
  }

  /** Looks after all of them: what was said of them may have been missed, and what is not read for long is forgotten. */
  async refresh(): Promise<void> {
    this.#again = true;
    if (this.#refreshing) return;
    this.#refreshing = true;
    while (this.#again) {
      this.#again = false;
      const words = [...this.#open.keys()];
      for (let from = 0; from < words.length; from += AT_ONCE) {
        await Promise.all(words.slice(from, from + AT_ONCE).map((word) => this.#compare(word)));
      }
    }
    this.#refreshing = false;
  }

  async #compare(word: string): Promise<void> {
    try {
      const kept = await this.#sources.sessions.read(word);
      for (const stream of this.#open.get(word) ?? []) if (!stream.isAt(kept?.record)) stream.look();
    } catch {
      // The store is away. When it is back, this is called again.
    }
  }

  #look(word: string): void {
    for (const stream of this.#open.get(word) ?? []) stream.look();
  }
}
