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
 * that is not longer than `least` is told, and each that is longer by RESOLUTION is. (The first turn of all, and
 * after some were told, is not measured: Node begins anew there.)
 */
export class LoopDelays implements Delays {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION });

  start(): void {
    this.#histogram.enable();
  }

  stop(): void {
    this.#histogram.disable();
  }

  take(least: number): number[] {
    const { count, max } = this.#histogram;
    const found: number[] = [];
    if (max / 1e6 <= least + RESOLUTION) return found;
    // The histogram does not list what it holds, but says which value so many per cent are not above.
    for (let higher = 0; higher < count; higher++) {
      const apart = this.#histogram.percentile(100 - (100 * higher) / count) / 1e6;
      if (apart <= least + RESOLUTION) break;
      // It began somewhere between two turns: by half of that it is wrong at most.
      found.push(apart - RESOLUTION / 2);
    }
    this.#histogram.reset();
    return found;
  }
}
