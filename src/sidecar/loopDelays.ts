import { monitorEventLoopDelay } from 'node:perf_hooks';

/** How often, in milliseconds, the event loop should turn at least while it is measured. */
const RESOLUTION = 10;

/** Tells when the event loop stood still. */
export interface Delays {
  start(): void;
  stop(): void;
  /** Milliseconds of each time that it stood still for longer than `least`, since this was asked last; the longest first. */
  take(least: number): number[];
}

/**
 * The delays of this process's event loop, by Node's own timer: it runs outside JavaScript, which on a small Pi costs a
 * fraction of what a timer here would. It only notes how far apart its turns are, so a stall is known to RESOLUTION: none
 * that is not longer than `least` is told, and each that is longer by RESOLUTION is.
 *
 * Node begins anew after a reset, and does not note its first turn then. Where stalls follow upon one another, that would be
 * every second one: so that turn is measured here, by one timer.
 */
export class LoopDelays implements Delays {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION });
  /** When Node began anew, until its first turn is over. */
  #begun: number | undefined;
  /** How long that turn took. */
  #first = 0;
  #timer: NodeJS.Timeout | undefined;

  start(): void {
    this.#histogram.enable();
    this.#begin();
  }

  stop(): void {
    this.#histogram.disable();
    clearTimeout(this.#timer);
    this.#begun = undefined;
  }

  take(least: number): number[] {
    this.#measureFirst();
    const { count, max } = this.#histogram;
    const most = least + RESOLUTION;
    const found: number[] = [];
    if (max / 1e6 <= most && this.#first <= most) return found;
    // The histogram does not list what it holds, but says which value so many per cent are not above.
    for (let higher = 0; higher < count; higher++) {
      const apart = this.#histogram.percentile(100 - (100 * higher) / count) / 1e6;
      if (apart <= most) break;
      found.push(apart);
    }
    if (this.#first > most) found.push(this.#first);
    this.#histogram.reset();
    this.#begin();
    // Each began somewhere between two turns: by half of that it is wrong at most.
    return found.sort((one, other) => other - one).map((apart) => apart - RESOLUTION / 2);
  }

  #begin(): void {
    clearTimeout(this.#timer);
    this.#begun = performance.now();
    this.#first = 0;
    // After all timers that are due, Node's among them.
    this.#timer = setTimeout(() => setImmediate(() => this.#measureFirst()), RESOLUTION).unref();
  }

  /** Once it has noted anything, its first turn was over before, and what came after that stands in the histogram. */
  #measureFirst(): void {
    if (this.#begun === undefined) return;
    const passed = performance.now() - this.#begun;
    if (passed < RESOLUTION) return;
    if (this.#histogram.count === 0) this.#first = passed;
    this.#begun = undefined;
  }
}
