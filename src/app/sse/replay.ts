import type { Bus, Page, SinceQuery } from '../../bus/bus.ts';
import type { Cursor } from '../../contract/cursor.ts';
import { ReadLimit } from './readLimit.ts';
import { Turns } from './turns.ts';

/** What one who comes back needs of the store. */
export interface EventLog extends Pick<Bus, 'tails' | 'position'> {
  /** `wanted`: whether the asker still waits, should it come to a read only later. */
  since(query: SinceQuery, wanted?: () => boolean): Promise<Page>;
}

/** All who wanted a page have left before it was read. */
export class NobodyWaits extends Error {}

/** A page that some share. */
interface SharedPage {
  readonly page: Promise<Page>;
  readonly askers: (() => boolean)[];
}

/** So many pages are read at once: each may be a megabyte, and in Redis appends wait behind all that were asked for. */
const READS = 4;
/** A page is shared with those who come just after; so many pages at most. */
const KEPT_MS = 1_000;
const MOST_SHARED = 32;
/** So many readers go on in one turn of the event loop, so that those who are live do not wait for all who come back. */
const IN_ONE_TURN = 32;

/**
 * Reads what those who come back have missed. When a server or a network was away, thousands come back at once, most of them
 * from the same place to the same place: they share one read of the log. The others wait for their turn to read; for who has
 * left by then nothing is read, or those who come and go would keep the others waiting.
 *
 * Sharing is sound: all who share have the same h, so that what is appended after the read waits at each of them.
 */
export class Replay implements EventLog {
  readonly #bus: Bus;
  readonly #asked: () => void;
  readonly #pages = new Map<string, SharedPage>();
  readonly #limit = new ReadLimit(READS);
  readonly #turns = new Turns(IN_ONE_TURN);

  /** `asked`: called with each question. */
  constructor(bus: Bus, asked: () => void) {
    this.#bus = bus;
    this.#asked = asked;
  }

  async since(query: SinceQuery, wanted = always): Promise<Page> {
    this.#asked();
    const page = await this.#shared(query, wanted);
    await this.#turns.next();
    return page;
  }

  tails(channels: readonly string[], count: number): Promise<Map<string, number>> {
    return this.#limit.take(() => this.#bus.tails(channels, count));
  }

  position(): Promise<Cursor> {
    return this.#bus.position();
  }

  #shared(query: SinceQuery, wanted: () => boolean): Promise<Page> {
    const { channels, after, upTo, limit } = query;
    // Without an end each has its own.
    if (upTo === undefined) return this.#read(query, [wanted]);
    const key = [after, upTo, limit, ...channels].join('\n');
    const known = this.#pages.get(key);
    if (known !== undefined) {
      known.askers.push(wanted);
      return known.page;
    }
    const askers = [wanted];
    const forget = () => {
      if (this.#pages.get(key) === shared) this.#pages.delete(key);
    };
    const shared = { page: this.#read(query, askers, forget), askers };
    this.#pages.set(key, shared);
    shared.page.then(() => setTimeout(forget, KEPT_MS).unref(), forget);
    // The oldest goes first; who waits for it gets it all the same.
    const [oldest = key] = this.#pages.keys();
    if (this.#pages.size > MOST_SHARED) this.#pages.delete(oldest);
    return shared.page;
  }

  /** Reads when its turn has come. `givenUp`: at once, so that nobody who comes now is given what will never be read. */
  #read(query: SinceQuery, askers: readonly (() => boolean)[], givenUp?: () => void): Promise<Page> {
    return this.#limit.take(async () => {
      if (askers.some((wanted) => wanted())) return this.#bus.since(query);
      givenUp?.();
      throw new NobodyWaits();
    });
  }
}

function always(): boolean {
  return true;
}
