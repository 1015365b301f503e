import { type KeptSession, SESSION_SECONDS, type SessionRecord, type Sessions } from './sessions.ts';

/** Beyond it the session that was longest not asked for is forgotten. An open stream puts its own back. */
const MOST = 50_000;

interface Entry extends KeptSession {
  readonly until: number;
}

/** The sessions of one process. */
export class MemorySessions implements Sessions {
  /** In the order in which they run out. */
  readonly #entries = new Map<string, Entry>();
  readonly #now: () => number;
  #changed: (word: string) => void = () => undefined;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  start(changed: (word: string) => void): void {
    this.#changed = changed;
  }

  async read(word: string): Promise<KeptSession | undefined> {
    const entry = this.#entry(word);
    if (entry) this.#keep(word, entry);
    return entry;
  }

  async swap(word: string, was: KeptSession | undefined, record: SessionRecord): Promise<boolean> {
    const before = this.#entry(word);
    if (before?.text !== was?.text) return false;
    this.#keep(word, { record, text: JSON.stringify(record) });
    if (record.rev !== before?.record.rev) this.#changed(word);
    return true;
  }

  #entry(word: string): Entry | undefined {
    const entry = this.#entries.get(word);
    return entry && entry.until > this.#now() ? entry : undefined;
  }

  #keep(word: string, { record, text }: KeptSession): void {
    const now = this.#now();
    this.#entries.delete(word);
    this.#entries.set(word, { record, text, until: now + SESSION_SECONDS * 1000 });
    for (const [oldest, { until }] of this.#entries) {
      if (until > now && this.#entries.size <= MOST) return;
      this.#entries.delete(oldest);
    }
  }
}
