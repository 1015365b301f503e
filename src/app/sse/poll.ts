import type { Bus, Page } from '../../bus/bus.ts';
import type { Cursor } from '../../contract/cursor.ts';
import type { Member } from './audience.ts';

export interface Question {
  readonly channels: readonly string[];
  /** Where the reader is; `unknown` when what it says is no cursor of ours; nothing: at the beginning of the log. */
  readonly cursor: Cursor | 'unknown' | undefined;
  readonly limit: number;
}

export interface Found {
  readonly page: Page;
  /** The page follows this number. */
  readonly after: number;
  /** The reader comes from another store: the page is the beginning of this one. */
  readonly foreign: boolean;
}

/** A page of events after a cursor. Whether the cursor is of this store is judged by the store's own answer. */
export async function look(bus: Bus, { channels, cursor, limit }: Question): Promise<Found> {
  if (cursor === undefined)
    return { page: await bus.since({ channels, after: 0, limit }), after: 0, foreign: false };
  if (cursor !== 'unknown') {
    const page = await bus.since({ channels, after: cursor.n, limit });
    if (page.epoch === cursor.epoch) return { page, after: cursor.n, foreign: false };
  }
  return { page: await bus.since({ channels, after: 0, limit }), after: 0, foreign: true };
}

/** What a poll tells whoever keeps it. */
export interface PollKeeper {
  /** Something was said to its channels: it needs a look at the log. */
  woken(poll: Poll): void;
  /** It has its answer. */
  over(poll: Poll): void;
}

/**
 * The same question, waiting for the first event if there is none yet. It is answered once: with what a look at the log
 * found, with nothing when its time is over, or with the error of the look.
 */
export class Poll implements Member {
  readonly answer: Promise<Found>;
  readonly limit: number;
  readonly #keeper: PollKeeper;
  /** Whether the reader says where it was: who doesn't can't have missed anything. */
  readonly #resumes: boolean;
  /** Of the store in which `after` counts. */
  #epoch: string;
  /** Whether the reader's cursor or the store has said so; until then it is what this app believes. */
  #epochSaid: boolean;
  #after: number;
  #foreign: boolean;
  #over = false;
  #settle: { found: (found: Found) => void; failed: (error: unknown) => void } | undefined;

  constructor({ cursor, limit }: Question, epoch: string, keeper: PollKeeper) {
    const known = cursor === 'unknown' ? undefined : cursor;
    this.limit = limit;
    this.#keeper = keeper;
    this.#resumes = cursor !== undefined;
    this.#epoch = known?.epoch ?? epoch;
    this.#epochSaid = known !== undefined;
    this.#after = known?.n ?? 0;
    this.#foreign = cursor === 'unknown';
    this.answer = new Promise((found, failed) => {
      this.#settle = { found, failed };
    });
  }

  /** Up to here there is nothing for the reader that it does not have. */
  get after(): number {
    return this.#after;
  }

  get over(): boolean {
    return this.#over;
  }

  deliver(): void {
    this.#keeper.woken(this);
  }

  /**
   * Takes its part of a page that was read for several polls, after a number that is not beyond its own. False: the page
   * doesn't tell all that this poll has to know, and it needs another look.
   */
  take(page: Page, after: number): boolean {
    if (this.#isNewStore(page) && after > 0) return false;
    const whole = page.end >= page.top;
    const mine = page.events.filter(({ n }) => n > this.#after);
    // A page that began for another one may end before it holds as much as this one asked for.
    if (!whole && mine.length < this.limit && after < this.#after) return false;
    const gaps = this.#resumes ? page.gaps.filter(({ until }) => until > this.#after) : [];
    if (mine.length === 0 && gaps.length === 0 && !this.#foreign) {
      this.#after = Math.max(this.#after, page.end);
      return whole;
    }
    const events = mine.slice(0, this.limit);
    const end = events.length < mine.length ? (events.at(-1)?.n ?? page.end) : page.end;
    this.#answer({ ...page, events, gaps, end });
    return true;
  }

  /** The time is over, or the app, or the reader has left: nothing came, and this is from where to ask again. */
  end(): void {
    const n = this.#after;
    this.#answer({ epoch: this.#epoch, top: n, end: n, events: [], gaps: [] });
  }

  fail(error: unknown): void {
    if (this.#finish()) this.#settle?.failed(error);
  }

  /** In another store nothing that this reader has heard has a number. */
  #isNewStore({ epoch }: Page): boolean {
    const isNew = this.#epochSaid && epoch !== this.#epoch;
    this.#epoch = epoch;
    this.#epochSaid = true;
    if (!isNew) return false;
    this.#after = 0;
    this.#foreign = this.#resumes;
    return true;
  }

  #answer(page: Page): void {
    const found = { page, after: this.#after, foreign: this.#foreign };
    if (this.#finish()) this.#settle?.found(found);
  }

  #finish(): boolean {
    if (this.#over) return false;
    this.#over = true;
    this.#keeper.over(this);
    return true;
  }
}
