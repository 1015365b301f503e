import { EventSource, type FetchLike } from 'eventsource';
import { type Client, Heard, NAMES, type Said } from './client.ts';
import { type ClientSpec, hashOf } from './history.ts';

type Saying =
  | { type: 'open'; cursor: string; channels: string[] }
  | { type: 'ping'; cursor: string }
  | { type: 'gap'; channel?: string; until?: string; reason?: string }
  | { type: 'channels'; channels: string[] }
  | { type: 'event'; channel: string; event: string; data: string; id: string }
  | { type: 'closing' }
  | { type: 'refused'; reason: string };

/** Listens with an EventSource that is not ours. */
export class StreamClient implements Client {
  readonly spec: ClientSpec;
  readonly #say: (said: Said) => void;
  readonly #heard = new Heard();
  #source: EventSource | undefined;
  #gate: Promise<unknown> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  /** The channels that it has asked for, until it is told that it has them. */
  #asked: string | undefined;
  #changes = 0;
  /** It has come back to a stream that has them; the next ping says that all before has come. */
  #cameBack = false;
  dead = false;

  constructor(spec: ClientSpec, say: (said: Said) => void) {
    this.spec = spec;
    this.#say = say;
    this.#begin(null);
  }

  get n(): number {
    return this.#heard.n;
  }

  pause(milliseconds: number): void {
    this.#gate = new Promise((done) => setTimeout(done, milliseconds));
  }

  leave(milliseconds: number): void {
    this.#source?.close();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#begin(this.#heard.cursor), milliseconds);
  }

  goBack(share: number): void {
    this.#source?.close();
    clearTimeout(this.#timer);
    this.#begin(this.#heard.back(share));
  }

  change(channels: readonly string[]): void {
    const since = this.#heard.cursor;
    if (this.spec.session === undefined || since === null || this.#asked !== undefined) return;
    this.#asked = setOf(channels);
    this.#cameBack = false;
    this.#say({ is: 'ask', channels, since });
    void this.#put(channels, since, ++this.#changes);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#source?.close();
  }

  /** Until it is answered: a change that was asked for twice is the same change. */
  async #put(channels: readonly string[], since: string, change: number): Promise<void> {
    const url = new URL(`/stream/${this.spec.session}`, this.spec.url);
    for (let tries = 0; tries < 100; tries++) {
      const answer = await fetch(url, {
        method: 'PUT',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ channels, since, change }),
        signal: AbortSignal.timeout(10_000),
      }).catch(() => undefined);
      if (answer?.ok) return;
      if (answer && answer.status < 500)
        this.#say({ is: 'dead', why: `PUT: ${answer.status} ${await answer.text()}` });
      await new Promise((done) => setTimeout(done, 300));
    }
  }

  #begin(from: string | null): void {
    const url = new URL(this.spec.kind === 'sse' ? '/sse/' : '/stream', this.spec.url);
    for (const channel of this.spec.channels)
      url.searchParams.append(this.spec.kind === 'sse' ? 'channels' : 'channel', channel);
    if (this.spec.kind === 'envelope') url.searchParams.set('envelope', '1');
    if (this.spec.session !== undefined) url.searchParams.set('session', this.spec.session);
    if (from !== null) url.searchParams.set('last_event_id', from);
    this.#heard.cursor = from;
    this.#say({ is: 'life', from });
    const source = new EventSource(url, { fetch: this.#fetch });
    this.#source = source;
    const live = (heard: (event: MessageEvent) => void) => (event: MessageEvent) => {
      if (source === this.#source) heard(event);
    };
    for (const name of NAMES)
      source.addEventListener(
        name,
        live((event) => this.#event(name, event)),
      );
    source.addEventListener(
      'pinstream',
      live(({ data, lastEventId }) => this.#saying(JSON.parse(data) as Saying, lastEventId)),
    );
    source.addEventListener('error', (error) => {
      if (source !== this.#source) return;
      const why = `${error.code ?? ''} ${error.message ?? ''}`.trim();
      if (source.readyState === source.CLOSED) {
        this.dead = true;
        this.#say({ is: 'dead', why });
      } else this.#say({ is: 'error', why });
    });
  }

  #event(name: string, { data, lastEventId }: MessageEvent): void {
    this.#heard.add(lastEventId);
    this.#say({ is: 'event', id: lastEventId, hash: hashOf(name, data) });
  }

  #saying(saying: Saying, lastEventId: string): void {
    if (saying.type === 'event') {
      const hash = hashOf(saying.channel, saying.event, saying.data);
      if (saying.id !== lastEventId) {
        // What was missed on a channel that was added has no id of its own: the cursor stays where it is.
        this.#say({ is: 'late', id: saying.id, hash });
        return;
      }
      this.#heard.add(saying.id);
      this.#say({ is: 'event', id: saying.id, hash });
    } else if (saying.type === 'open') {
      this.#heard.cursor = saying.cursor;
      this.#cameBack = setOf(saying.channels) === this.#asked;
      this.#say({ is: 'open', at: saying.cursor });
    } else if (saying.type === 'ping') {
      this.#heard.cursor = saying.cursor;
      if (this.#cameBack) this.#asked = undefined;
      this.#say({ is: 'at', at: saying.cursor });
    } else if (saying.type === 'gap') {
      this.#say({ is: 'gap', channel: saying.channel ?? null, until: saying.until ?? '' });
    } else if (saying.type === 'channels') {
      this.#heard.cursor = lastEventId;
      if (setOf(saying.channels) === this.#asked) this.#asked = undefined;
      this.#say({ is: 'channels', channels: saying.channels });
    } else this.#say({ is: 'error', why: saying.type === 'refused' ? saying.reason : saying.type });
  }

  /** The usual fetch, but what comes waits at the gate: a browser on a bad network takes nothing for a while. */
  readonly #fetch: FetchLike = async (url, init) => {
    const response = await fetch(url, init as RequestInit);
    const gated = response.body?.pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform: async (part, out) => {
          await this.#gate;
          out.enqueue(part);
        },
      }),
    );
    return {
      url: response.url,
      status: response.status,
      redirected: response.redirected,
      headers: response.headers,
      body: gated ?? null,
    };
  };
}

function setOf(channels: readonly string[]): string {
  return [...channels].sort().join('\n');
}
