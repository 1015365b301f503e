import type { RedisLink } from './redisLink.ts';
import {
  type KeptSession,
  PARTING_SECONDS,
  SESSION_SECONDS,
  type SessionRecord,
  type Sessions,
} from './sessions.ts';

/** The sessions of all processes that share a Redis. */
export class RedisSessions implements Sessions {
  readonly #link: RedisLink;

  constructor(link: RedisLink) {
    this.#link = link;
  }

  start(changed: (word: string) => void, missed: () => void): void {
    this.#link.hear(this.#link.names.sessionChanged, changed);
    // When both connections are back: the one that listens, and the one that asks what it has missed.
    this.#link.onStatus(() => {
      if (this.#link.ready) missed();
    });
  }

  async read(word: string): Promise<KeptSession | undefined> {
    const text = await this.#link.ask((redis) => redis.getex(this.#key(word), 'EX', SESSION_SECONDS));
    return text === null ? undefined : { record: JSON.parse(text) as SessionRecord, text };
  }

  async swap(word: string, was: KeptSession | undefined, record: SessionRecord): Promise<boolean> {
    const changed = record.rev === was?.record.rev ? '' : this.#link.names.sessionChanged;
    const text = JSON.stringify(record);
    const kept = await this.#link.ask((redis) =>
      redis.pinstreamSession(this.#key(word), was?.text ?? '', text, SESSION_SECONDS, changed, word),
    );
    return kept === 1;
  }

  async part(word: string, { text }: KeptSession): Promise<void> {
    await this.#link.ask((redis) =>
      redis.pinstreamSession(this.#key(word), text, text, PARTING_SECONDS, '', word),
    );
  }

  #key(word: string): string {
    return this.#link.names.sessions + word;
  }
}
