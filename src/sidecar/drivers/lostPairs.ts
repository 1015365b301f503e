import type { Cancel, Clock } from '../clock.ts';

export interface LostPairsParts {
  readonly clock: Clock;
  /** What is shorter is a bounce or a glitch, in milliseconds. */
  readonly window: number;
  /** For how many milliseconds the process stood still lately, at the longest. */
  readonly stoodStill: () => number;
  /** Two edges that may have been a press were lost. */
  readonly lost: () => void;
}

/**
 * Whether two edges that came as one were a bounce or may have been a press. While the process stands still, the kernel keeps
 * no more of any number of edges than that there were some; what is read then is the level of the end. If that is the level
 * of before, the press was over before the process went on: it can only have been one if it stood still for as long as the
 * window. And when edges follow at once, they were the beginning of what these tell.
 */
export class LostPairs {
  readonly #parts: LostPairsParts;
  /** When the process was last known not to stand still. */
  #awake: number;
  #cancel: Cancel | undefined;

  constructor(parts: LostPairsParts) {
    this.#parts = parts;
    this.#awake = parts.clock.now();
  }

  /** The level was looked at. */
  looked(): void {
    this.#awake = this.#parts.clock.now();
  }

  /** An edge told of the level that was known already. */
  same(): void {
    const { clock, window, stoodStill, lost } = this.#parts;
    const sinceAwake = clock.now() - this.#awake;
    this.looked();
    // A bounce, right after the edge before: it did not stand still for so long in between.
    if (sinceAwake < window) return;
    this.stop();
    // Judged later, since for how long it stood still is known when the loop has turned.
    this.#cancel = clock.after(window, () => {
      if (stoodStill() >= window) lost();
    });
  }

  /** An edge told of another level. */
  other(): void {
    this.looked();
    this.stop();
  }

  stop(): void {
    this.#cancel?.();
  }
}
