import type { Status } from '../client/api.ts';
import { ask } from './ask.ts';
import { knownKey, watchKey } from './knownKey.ts';

const PATIENCE_MS = 5_000;

/** Why reading was refused; `isWrong`: there was a key, and it does not do. */
export interface Refused {
  readonly reason: string;
  readonly isWrong: boolean;
}

/**
 * Whether the channels of this page are kept for those who have a key. A stream that is refused says why in words only, so the
 * server is asked for one event of the same channels: 401 and 403 mean a key, all else passes by itself.
 */
export class Lock {
  readonly #channels: () => readonly string[];
  readonly #told: (refused: Refused | undefined) => void;
  #isLocked = false;
  #isWaiting = false;
  #asking: Promise<void> | undefined;
  #open = () => {};

  constructor(channels: () => readonly string[], told: (refused: Refused | undefined) => void) {
    this.#channels = channels;
    this.#told = told;
    watchKey(() => void this.#again());
  }

  /** The key, for the stream. While a key is needed it waits for one: to ask without it would be refused again and again. */
  readonly token = async (): Promise<string | undefined> => {
    await this.#asking;
    if (this.#isLocked) {
      await new Promise<void>((opened) => {
        this.#open = opened;
      });
    }
    return knownKey() || undefined;
  };

  status({ state }: Status): void {
    const isWaiting = state === 'waiting';
    if (isWaiting && !this.#isWaiting) void this.#ask();
    this.#isWaiting = isWaiting;
    if (state === 'live' || state === 'polling') this.#tell(undefined);
  }

  /** Other channels may be open to all. */
  change(): void {
    if (this.#isLocked) void this.#again();
  }

  /** What is under way was asked with the key, or for the channels, of before. */
  async #again(): Promise<void> {
    await this.#asking;
    if (this.#isLocked) await this.#ask();
  }

  #ask(): Promise<void> {
    this.#asking ??= this.#look().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #look(): Promise<void> {
    const query = new URLSearchParams(this.#channels().map((channel) => ['channel', channel]));
    query.set('last', '1');
    query.set('limit', '1');
    const isWrong = knownKey() !== '';
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const response = await ask(`/events?${query}`, { cache: 'no-store', signal }).catch(() => undefined);
    if (response?.status !== 401 && response?.status !== 403) {
      // Without an answer nothing is known that was not known before.
      if (response) this.#tell(undefined);
      return;
    }
    const { error } = Object(await response.json().catch(() => undefined)) as { error?: unknown };
    this.#tell({ reason: typeof error === 'string' ? error : '', isWrong });
  }

  #tell(refused: Refused | undefined): void {
    if (!refused && !this.#isLocked) return;
    this.#isLocked = refused !== undefined;
    if (!refused) this.#open();
    this.#told(refused);
  }
}
