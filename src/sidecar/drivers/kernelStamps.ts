import type { Clock } from '../clock.ts';

/** The kernel's monotonic clock in milliseconds, by which it stamps edges. The clock's `now` counts from another zero. */
export function kernelNow(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

/** The longest that the kernel waits for a contact to be still. It is short of the shortest press by far. */
const LONGEST_PERIOD = 5;

/**
 * How long the kernel shall wait for a contact to be still, in milliseconds; 0: not at all. It counts in its own ticks of up to
 * 10 ms, so beside a window that is not much longer its judgement would be the one that counts.
 */
export function kernelPeriod(window: number): number {
  return window >= 3 * LONGEST_PERIOD ? LONGEST_PERIOD : 0;
}

/** Makes times on the clock's `now` of the kernel's stamps. */
export class KernelStamps {
  readonly #clock: Clock;
  readonly #kernelNow: () => number;
  readonly #period: number;
  readonly #window: number;
  #last: number | undefined;

  /** `window` is the pin's debounce, of which the kernel does the first `period`. */
  constructor(clock: Clock, kernelNow: () => number, window: number) {
    this.#clock = clock;
    this.#kernelNow = kernelNow;
    this.#window = window;
    this.#period = kernelPeriod(window);
  }

  /**
   * When the edge was that has this stamp, in milliseconds. The kernel stamps an edge when the level has been still for the
   * period, so it happened that much earlier. It is never in the future, and never before the edge that was asked for before.
   */
  at(stamp: number): number {
    const now = this.#clock.now();
    const said = Math.min(now, now - (this.#kernelNow() - stamp));
    const last = this.#last;
    let at = said - this.#period;
    if (last !== undefined) {
      // By then the edge before had been still for the window. Only the kernel's ticks, and bounces that were longer at its
      // beginning than at its end, make a press look shorter; it would be lost.
      const still = last + this.#window;
      at = Math.max(last, said >= still ? Math.max(at, still) : at);
    }
    this.#last = at;
    return at;
  }
}
