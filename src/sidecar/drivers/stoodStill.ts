import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Cancel, Clock } from '../clock.ts';

/** How far apart the turns of an idle loop are that is measured, in milliseconds. */
const RESOLUTION = 10;
/** A stall is remembered for one to two of these. */
const PERIOD = 1_000;

/**
 * For how long the process stood still lately, whatever kept it: its own work, other programs, or swapping. Measured by Node's
 * own timer, which runs outside JavaScript and costs next to nothing. It does not measure its first turn: so one begins in each
 * period, and measures over the beginning of the next one.
 */
export class StoodStill {
  readonly #clock: Clock;
  #measuring: ReturnType<typeof begun>[] = [];
  #cancel: Cancel | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The longest time, in milliseconds. */
  get longest(): number {
    const found = this.#measuring.filter(({ count }) => count > 0).map(({ max }) => max / 1e6 - RESOLUTION);
    return Math.max(0, ...found);
  }

  start(): void {
    if (this.#cancel) return;
    this.#measuring.push(begun());
    this.#nextPeriod();
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    for (const one of this.#measuring.splice(0)) one.disable();
  }

  #nextPeriod(): void {
    this.#cancel = this.#clock.after(PERIOD, () => {
      this.#measuring.push(begun());
      for (const old of this.#measuring.splice(0, this.#measuring.length - 2)) old.disable();
      this.#nextPeriod();
    });
  }
}

function begun() {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION });
  histogram.enable();
  return histogram;
}
