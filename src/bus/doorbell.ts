import type { Cursor } from '../contract/cursor.ts';
import type { StoredEvent } from '../contract/event.ts';
import type { Listener, Page } from './bus.ts';

/** What the doorbell reads when it has missed something. */
export interface Log {
  position(): Promise<Cursor>;
  since(after: number): Promise<Page>;
}

/** Events that may be held while an earlier one is looked for. Beyond that they are read from the log once more. */
const MOST_HELD = 10_000;

/**
 * Turns what the doorbell says, which may have holes, into every event in the order of n, each once. It knows how far it has
 * heard (h). A number that does not follow h, a fresh subscription and the quiet check make it read what it lacks; later
 * events wait until then.
 */
export class Doorbell {
  readonly #log: Log;
  readonly #listener: Listener;
  #epoch: string | undefined;
  #heard = 0;
  #held: StoredEvent[] = [];
  #recovering: Promise<void> | undefined;
  #again = false;
  #waiting: { readonly n: number; readonly done: () => void }[] = [];

  constructor(log: Log, listener: Listener) {
    this.#log = log;
    this.#listener = listener;
  }

  /** An event rang. */
  hear(epoch: string, event: StoredEvent): void {
    if (epoch === this.#epoch && this.#recovering === undefined && event.n === this.#heard + 1) {
      this.#deliver(event);
      return;
    }
    if (epoch === this.#epoch && event.n <= this.#heard) return;
    if (epoch === this.#epoch) this.#hold(event);
    void this.recover();
  }

  /** Reads what came since h, after a subscription or from time to time. Resolves when h is at the newest number. */
  recover(): Promise<void> {
    if (this.#recovering !== undefined) {
      this.#again = true;
      return this.#recovering;
    }
    this.#recovering = this.#recover();
    return this.#recovering;
  }

  /** Resolves when everything up to n was heard or read. */
  reached(n: number): Promise<void> {
    if (this.#heard >= n) return Promise.resolve();
    return new Promise((done) => this.#waiting.push({ n, done }));
  }

  async #recover(): Promise<void> {
    try {
      do {
        this.#again = false;
        // A failed read leaves h where it is: the link's return, or the quiet check, begins again from there.
        if (!(await this.#position()) || !(await this.#read())) return;
        this.#deliverHeld();
      } while (this.#again || this.#held.length > 0);
    } finally {
      this.#recovering = undefined;
    }
  }

  /** Where the store is. Another epoch than before: it was emptied or exchanged, and all of it is new. */
  async #position(): Promise<boolean> {
    const position = await this.#log.position().catch(() => undefined);
    if (!position) return false;
    if (position.epoch === this.#epoch) return true;
    const first = this.#epoch === undefined;
    this.#epoch = position.epoch;
    this.#heard = first ? position.n : 0;
    this.#held = [];
    this.#listener.open({ epoch: position.epoch, n: this.#heard });
    return true;
  }

  async #read(): Promise<boolean> {
    for (;;) {
      const page = await this.#log.since(this.#heard).catch(() => undefined);
      if (!page) return false;
      if (page.epoch !== this.#epoch) {
        this.#again = true;
        return true;
      }
      for (const gap of page.gaps) this.#listener.gap(gap);
      for (const event of page.events) if (event.n > this.#heard) this.#deliver(event);
      if (page.end > this.#heard) this.#advance(page.end);
      if (page.end >= page.top) return true;
    }
  }

  #hold(event: StoredEvent): void {
    if (this.#held.length >= MOST_HELD) {
      this.#held = [];
      this.#again = true;
    }
    this.#held.push(event);
  }

  #deliverHeld(): void {
    const held = this.#held.sort((a, b) => a.n - b.n);
    this.#held = [];
    for (const event of held) {
      if (event.n <= this.#heard) continue;
      if (event.n === this.#heard + 1) this.#deliver(event);
      else this.#held.push(event);
    }
  }

  #deliver(event: StoredEvent): void {
    this.#heard = event.n;
    this.#listener.event(event);
    this.#wake();
  }

  #advance(n: number): void {
    this.#heard = n;
    this.#listener.skip(n);
    this.#wake();
  }

  #wake(): void {
    if (this.#waiting.length === 0) return;
    const reached = this.#waiting.filter(({ n }) => n <= this.#heard);
    this.#waiting = this.#waiting.filter(({ n }) => n > this.#heard);
    for (const { done } of reached) done();
  }
}
