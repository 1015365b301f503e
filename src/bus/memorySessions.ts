import {
  type KeptSession,
  PARTING_SECONDS,
  SESSION_SECONDS,
  type SessionRecord,
  type Sessions,
} from './sessions.ts';

/** Beyond it the session that was longest not asked for is forgotten. An open stream puts its own back. */
const MOST = 50_000;
const MOST_BYTES = 16_777_216;

interface Entry {
  readonly text: string;
  readonly bytes: number;
  readonly until: number;
}

/** The sessions of one process. */
export class MemorySessions implements Sessions {
  /** Both in the order in which they run out. Those that are parted from are the first to go when there is no room. */
  readonly #parted = new Map<string, Entry>();
  readonly #entries = new Map<string, Entry>();
  readonly #now: () => number;
  #bytes = 0;
  #changed: (word: string) => void = () => undefined;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  start(changed: (word: string) => void): void {
    this.#changed = changed;
  }

  async read(word: string): Promise<KeptSession | undefined> {
    const text = this.#text(word);
    if (text === undefined) return undefined;
    this.#keep(this.#entries, word, text, SESSION_SECONDS);
    return { text, record: JSON.parse(text) as SessionRecord };
  }

  async swap(word: string, was: KeptSession | undefined, record: SessionRecord): Promise<boolean> {
    if (this.#text(word) !== was?.text) return false;
    this.#keep(this.#entries, word, JSON.stringify(record), SESSION_SECONDS);
    if (record.rev !== was?.record.rev) this.#changed(word);
    return true;
  }

  async part(word: string, { text }: KeptSession): Promise<void> {
    if (this.#text(word) === text) this.#keep(this.#parted, word, text, PARTING_SECONDS);
  }

  #text(word: string): string | undefined {
    const entry = this.#entries.get(word) ?? this.#parted.get(word);
    return entry && entry.until > this.#now() ? entry.text : undefined;
  }

  #keep(entries: Map<string, Entry>, word: string, text: string, seconds: number): void {
    const bytes = Buffer.byteLength(word) + Buffer.byteLength(text);
    for (const one of [this.#parted, this.#entries]) this.#drop(one, word);
    entries.set(word, { text, bytes, until: this.#now() + seconds * 1000 });
    this.#bytes += bytes;
    this.#forget();
  }

  #forget(): void {
    for (const entries of [this.#parted, this.#entries]) {
      for (const [oldest, { until }] of entries) {
        const count = this.#parted.size + this.#entries.size;
        if (until > this.#now() && count <= MOST && this.#bytes <= MOST_BYTES) break;
        this.#drop(entries, oldest);
      }
    }
  }

  #drop(entries: Map<string, Entry>, word: string): void {
    this.#bytes -= entries.get(word)?.bytes ?? 0;
    entries.delete(word);
  }
}
