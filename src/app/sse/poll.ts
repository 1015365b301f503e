import type { Page } from '../../bus/bus.ts';
import type { Member } from './audience.ts';
import type { Found, Question } from './question.ts';

/** What a poll tells whoever has it. */
export interface PollOwner {
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
  readonly #owner: PollOwner;
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

  constructor({ cursor, limit }: Question, epoch: string, owner: PollOwner) {
    const known = cursor === 'unknown' ? undefined : cursor;
    this.limit = limit;
    this.#owner = owner;
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
    this.#owner.woken(this);
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
    this.#owner.over(this);
    return true;
  }
}
