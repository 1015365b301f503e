import type { Redis } from 'ioredis';

export type Hearer = (text: string) => void;
export type PatternHearer = (pattern: string, channel: Buffer, payload: Buffer) => void;

/** Redis's pattern for all channels. */
const ALL = '*';

/** Who of this process hears what is published in Redis: channels of its own, and raw publishes by their patterns. */
export class Hearing {
  readonly #doorbell: string;
  readonly #doorbellBytes: Buffer;
  readonly #hearers = new Map<string, Hearer>();
  #patterns: readonly string[] = [];
  #patternHearer: PatternHearer | undefined;

  constructor(doorbell: string) {
    this.#doorbell = doorbell;
    this.#doorbellBytes = Buffer.from(doorbell);
  }

  add(channel: string, hearer: Hearer): void {
    this.#hearers.set(channel, hearer);
  }

  /** What comes is not decoded: it may be anything. */
  addPatterns(patterns: readonly string[], hearer: PatternHearer): void {
    this.#patterns = patterns;
    this.#patternHearer = hearer;
  }

  get any(): boolean {
    return this.#hearers.size > 0 || this.#patterns.length > 0;
  }

  /** Hears what comes on a connection. */
  on(ear: Redis): void {
    ear.on('message', (channel: string, text: string) => this.#hearers.get(channel)?.(text));
    ear.on('pmessageBuffer', (from: string, channel: Buffer, payload: Buffer) => {
      const pattern = from.toString();
      if (pattern === ALL && this.#doorbellBytes.equals(channel))
        this.#hearers.get(this.#doorbell)?.(payload.toString());
      else this.#patternHearer?.(pattern, channel, payload);
    });
  }

  /** Raw publishes first: who hears a marker has heard what was published before it. */
  async subscribe(ear: Redis): Promise<void> {
    if (this.#patterns.length > 0) await ear.psubscribe(...this.#patterns);
    const channels = [...this.#hearers.keys()].filter((channel) => !this.#comesAnyway(channel));
    if (channels.length > 0) await ear.subscribe(...channels);
  }

  /**
   * Who hears all raw publishes hears the doorbell among them, and subscribed as well it would come twice: each event would be
   * sent, received and taken apart once more.
   */
  #comesAnyway(channel: string): boolean {
    return channel === this.#doorbell && this.#patterns.includes(ALL);
  }
}
