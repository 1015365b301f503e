/**
 * The time, passed in, so that tests decide it.
 *
 * Two clocks: `now` only ever goes forward and measures (windows, deadlines, how long a pin was held); `wall` says what time
 * it is and may jump, since a Pi learns the time from the network some minutes after it started.
 */
export interface Clock {
  /** Milliseconds with fractions, monotonic: `performance.now()`. */
  now(): number;
  /**
   * The time in milliseconds since 1970 with fractions: now, or when `now` was `at`. To be asked while that is handled: it goes
   * by what the computer believes at present, and later it may believe something else.
   */
  wall(at?: number): number;
  /**
   * Runs something later, but not before the input that already waits has been handled. When the event loop stalled, a
   * deadline and the edges before it come due together: were the deadline first, it would judge without those edges.
   */
  after(ms: number, run: () => void): Cancel;
}

export type Cancel = () => void;

interface Sources {
  readonly now: () => number;
  /** Whole milliseconds since 1970. */
  readonly date: () => number;
}

/**
 * The computer's clock. `Date.now()` follows corrections of the time but has whole milliseconds only; `performance.now()` has
 * fractions but never hears of corrections. So the second one, moved by as little as makes it agree with the first.
 */
export class SystemClock implements Clock {
  readonly #sources: Sources;
  #offset: number;

  constructor(sources: Sources = { now: () => performance.now(), date: () => Date.now() }) {
    this.#sources = sources;
    this.#offset = sources.date() - sources.now();
  }

  now(): number {
    return this.#sources.now();
  }

  wall(at?: number): number {
    const least = this.#sources.date();
    const now = this.#sources.now();
    const most = least + 0.999;
    this.#offset += Math.min(Math.max(this.#offset + now, least), most) - (this.#offset + now);
    return this.#offset + (at ?? now);
  }

  after(ms: number, run: () => void): Cancel {
    let immediate: NodeJS.Immediate | undefined;
    // The event loop handles input between its timers and its immediates.
    const timer = setTimeout(() => {
      immediate = setImmediate(run);
    }, ms);
    return () => {
      clearTimeout(timer);
      if (immediate) clearImmediate(immediate);
    };
  }
}
