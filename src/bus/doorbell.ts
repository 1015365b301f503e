import type { Cursor } from '../contract/cursor.ts';
import type { StoredEvent } from '../contract/event.ts';
import type { Gap, Listener, Page } from './bus.ts';

/** What the doorbell reads when it has missed something. */
export interface MissedLog {
  position(): Promise<Cursor>;
  since(after: number, upTo: number): Promise<Page>;
}

/** An event that rang while an earlier one is looked for, or something to be done between two of them. */
type Held =
  | { readonly n: number; readonly event: StoredEvent }
  | { readonly n: number; readonly run: () => void };

interface Waiting {
  readonly n: number;
  readonly done: () => void;
}

/** Events that may be held while an earlier one is looked for. Beyond that they are read from the log once more. */
const MOST_HELD = 10_000;

/**
 * Turns what the doorbell says, which may have holes, into every event in the order of n, each once. It knows how far it has
 * heard (h). A number that does not follow h, a fresh subscription and the quiet check make it read what it lacks; later
 * events wait until then.
 */
export class Doorbell {
  readonly #log: MissedLog;
  readonly #listener: Listener;
  #epoch: string | undefined;
  #heard = 0;
  #held: Held[] = [];
  #recovering: Promise<void> | undefined;
  #again = false;
  readonly #told = new Map<string, number>();
  #waiting: Waiting[] = [];

  constructor(log: MissedLog, listener: Listener) {
    this.#log = log;
    this.#listener = listener;
  }

  /** An event rang. */
  hear(epoch: string, event: StoredEvent): void {
    if (epoch !== this.#epoch) {
      void this.recover();
      return;
    }
    if (event.n <= this.#heard) return;
    if (this.#recovering === undefined && !this.holding && event.n === this.#heard + 1) {
      this.#deliver(event);
      return;
    }
    this.#hold({ n: event.n, event });
    if (this.#recovering === undefined) void this.recover();
  }

  /** Does something when all up to a number has been handed on. */
  inTurn(n: number, run: () => void): void {
    if (this.#recovering === undefined && !this.holding && n <= this.#heard) {
      run();
      return;
    }
    this.#hold({ n: n + 0.5, run });
    if (this.#recovering === undefined) void this.recover();
  }

  /** Whether all up to a position has been heard. */
  isAt({ epoch, n }: Cursor): boolean {
    return this.#recovering === undefined && epoch === this.#epoch && n <= this.#heard;
  }

  /** Reads what came since h, after a subscription or when something is missing. Resolves when h is at the newest number. */
  recover(): Promise<void> {
    if (this.#recovering !== undefined) {
      this.#again = true;
      return this.#recovering;
    }
    this.#recovering = this.#recover();
    return this.#recovering;
  }

  /** The store that it hears. */
  get epoch(): string | undefined {
    return this.#epoch;
  }

  /** The newest number that was handed on, or of which it is known that nothing is to come. */
  get heard(): number {
    return this.#heard;
  }

  /** Whether something is being read that was missed. */
  get recovering(): boolean {
    return this.#recovering !== undefined;
  }

  /** Whether something waits for its turn; without a recovery it is waiting for the next one, since the last has failed. */
  get holding(): boolean {
    return this.#held.length > 0;
  }

  /** Resolves when everything up to n was heard or read, or the store is another one, or has lost what it had up to n. */
  reached(n: number): Promise<void> {
    if (this.#heard >= n) return Promise.resolve();
    return new Promise((done) => this.#waiting.push({ n, done }));
  }

  async #recover(): Promise<void> {
    let done = false;
    try {
      do {
        this.#again = false;
        done = await this.#look();
      } while (this.#again || (done && this.#held.some((held) => 'event' in held)));
    } finally {
      this.#recovering = undefined;
      this.#told.clear();
      if (done) this.#runHeld();
      // What waits for its turn waits for the events before it too; they, and what rang, are read from the log then.
      else this.#held = this.#held.filter((held) => 'run' in held);
    }
  }

  /** One look at the store. A failed one leaves h where it is: the link's return, or the quiet check, begins again from there. */
  async #look(): Promise<boolean> {
    const rangBefore = new Set(this.#held);
    const waitedBefore = new Set(this.#waiting);
    const top = await this.#position();
    if (top === undefined) return false;
    // What rang before the store was asked, and is not in it: lost with the store's tail, or never there.
    this.#held = this.#held.filter((held) => held.n <= top || 'run' in held || !rangBefore.has(held));
    if (!(await this.#read(top))) return false;
    this.#deliverHeld();
    // Who waits for more than the store has waits for what was lost with its tail.
    this.#wake((waiting) => waiting.n > top && waitedBefore.has(waiting));
    return true;
  }

  /** Where the store is. Another epoch than before: it was emptied or exchanged, and all of it is new. */
  async #position(): Promise<number | undefined> {
    const position = await this.#log.position().catch(() => undefined);
    if (!position || position.epoch === this.#epoch) return position?.n;
    const first = this.#epoch === undefined;
    this.#epoch = position.epoch;
    this.#heard = first ? position.n : 0;
    this.#runHeld();
    this.#told.clear();
    this.#listener.open({ epoch: position.epoch, n: this.#heard });
    this.#wake(() => true);
    return position.n;
  }

  /** Reads up to what is held, or to the top. */
  async #read(top: number): Promise<boolean> {
    let upTo = Math.min(top, this.#firstHeld() - 1);
    while (this.#heard < upTo) {
      const page = await this.#log.since(this.#heard, upTo).catch(() => undefined);
      if (!page) return false;
      if (page.epoch !== this.#epoch) {
        this.#again = true;
        return true;
      }
      if (page.gaps.some(({ until }) => until > upTo)) {
        // Nobody can tell whether what was dropped is held here. So it is read, and what is told as lost has not come.
        this.#held = this.#held.filter((held) => 'run' in held);
        const further = await this.#log.position().catch(() => undefined);
        if (!further) return false;
        if (further.epoch !== this.#epoch) {
          this.#again = true;
          return true;
        }
        upTo = further.n;
        continue;
      }
      for (const gap of page.gaps) this.#tell(gap);
      for (const event of page.events) if (event.n > this.#heard) this.#deliver(event);
      if (page.end > this.#heard) this.#advance(page.end);
    }
    return true;
  }

  #firstHeld(): number {
    return Math.min(...this.#held.map((held) => ('event' in held ? held.n : Number.POSITIVE_INFINITY)));
  }

  #tell(gap: Gap): void {
    if ((this.#told.get(gap.channel) ?? 0) >= gap.until) return;
    this.#told.set(gap.channel, gap.until);
    this.#listener.gap(gap);
  }

  #hold(held: Held): void {
    if (this.#held.length >= MOST_HELD) {
      this.#held = this.#held.filter((one) => 'run' in one);
      this.#again = true;
    }
    this.#held.push(held);
  }

  #deliverHeld(): void {
    const held = this.#held.sort((a, b) => a.n - b.n);
    this.#held = [];
    for (const one of held) {
      if ('run' in one && one.n <= this.#heard + 0.5) one.run();
      else if ('event' in one && one.n === this.#heard + 1) this.#deliver(one.event);
      else if (one.n > this.#heard) this.#held.push(one);
    }
  }

  /** What was to be done between events that will not come any more. */
  #runHeld(): void {
    const held = this.#held;
    this.#held = [];
    for (const one of held) if ('run' in one) one.run();
  }

  #deliver(event: StoredEvent): void {
    this.#heard = event.n;
    this.#listener.event(event);
    this.#wake();
  }

  #advance(n: number): void {
    this.#heard = n;
    this.#listener.advance(n);
    this.#wake();
  }

  #wake(given: (waiting: Waiting) => boolean = () => false): void {
    if (this.#waiting.length === 0) return;
    const over = this.#waiting.filter((waiting) => waiting.n <= this.#heard || given(waiting));
    this.#waiting = this.#waiting.filter((waiting) => !over.includes(waiting));
    for (const { done } of over) done();
  }
}
