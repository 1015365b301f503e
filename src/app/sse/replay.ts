import type { Bus, Page, SinceQuery } from '../../bus/bus.ts';
import type { Cursor } from '../../contract/cursor.ts';
import { ReadLimit } from './readLimit.ts';
import { Turns } from './turns.ts';

/** What one who comes back needs of the store. */
export type EventLog = Pick<Bus, 'since' | 'tails' | 'position'>;

/** So many pages are read at once: each may be a megabyte, and in Redis appends wait behind all that were asked for. */
const READS = 4;
/** A page is shared with those who come just after; so many pages at most. */
const KEPT_MS = 1_000;
const MOST_SHARED = 32;
/** So many readers go on in one turn of the event loop, so that those who are live do not wait for all who come back. */
const IN_ONE_TURN = 32;

/**
 * Reads what those who come back have missed. When a server or a network was away, thousands come back at once, most of them
 * from the same place to the same place: they share one read of the log. The others wait for their turn to read.
 *
 * Sharing is sound: all who share have the same h, so that what is appended after the read waits at each of them.
 */
export class Replay implements EventLog {
  readonly #bus: Bus;
  readonly #pages = new Map<string, Promise<Page>>();
  readonly #limit = new ReadLimit(READS);
  readonly #turns = new Turns(IN_ONE_TURN);

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  async since(query: SinceQuery): Promise<Page> {
    const page = await this.#shared(query);
    await this.#turns.next();
    return page;
  }

  tails(channels: readonly string[], count: number): Promise<Map<string, number>> {
    return this.#limit.take(() => this.#bus.tails(channels, count));
  }

  position(): Promise<Cursor> {
    return this.#bus.position();
  }

  #shared(query: SinceQuery): Promise<Page> {
    const { channels, after, upTo, limit } = query;
    // Without an end each has its own.
    if (upTo === undefined) return this.#limit.take(() => this.#bus.since(query));
    const key = [after, upTo, limit, ...channels].join('\n');
    const known = this.#pages.get(key);
    if (known !== undefined) return known;
    const read = this.#limit.take(() => this.#bus.since(query));
    const forget = () => {
      if (this.#pages.get(key) === read) this.#pages.delete(key);
    };
    this.#pages.set(key, read);
    read.then(() => setTimeout(forget, KEPT_MS).unref(), forget);
    // The oldest goes first; who waits for it gets it all the same.
    const [oldest = key] = this.#pages.keys();
    if (this.#pages.size > MOST_SHARED) this.#pages.delete(oldest);
    return read;
  }
}
