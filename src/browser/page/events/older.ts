import { epochOf, numberOf } from '../../client/cursor.ts';
import type { LoggedEvent } from './csv.ts';
import type { ReadLog } from './log.ts';

/** The log backwards: each page is asked for by the oldest event of the one before, however much of it there was room for. */
export class Older {
  readonly #read: ReadLog<string>;
  readonly #channels: readonly string[];
  readonly #epoch: string;
  #from: number;

  /** `before`: the id of an event; what is older than that one is looked for. */
  constructor(read: ReadLog<string>, channels: readonly string[], before: string) {
    this.#read = read;
    this.#channels = channels;
    this.#epoch = epochOf(before);
    this.#from = numberOf(before);
  }

  /** Everything from this number on has been read. */
  get from(): number {
    return this.#from;
  }

  /** The log has nothing that is older. */
  get done(): boolean {
    return this.#from <= 1;
  }

  /** The next page's events, oldest first. */
  async next(signal: AbortSignal): Promise<readonly LoggedEvent[]> {
    if (this.done) return [];
    const { events } = await this.#read(this.#channels, `${this.#epoch}-${this.#from}`, signal);
    // Nothing is older; or the store is a new one, and what was before is gone.
    this.#from = events[0] ? numberOf(events[0].id) : 0;
    return events;
  }
}
