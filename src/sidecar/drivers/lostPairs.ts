import type { Cancel, Clock } from '../clock.ts';

export interface LostPairsParts {
  readonly clock: Clock;
  /** What is shorter is a bounce or a glitch, in milliseconds. */
  readonly window: number;
  /** Two edges that may have been a press were lost. */
  readonly lost: () => void;
}

/**
 * Whether two edges that came as one were a bounce or may have been a press. While the event loop stands still, the kernel
 * keeps no more of any number of edges than that there were some; what is read then is the level of the end. If that is the
 * level of before, the press was shorter than the stall. So it can only have been one when the loop was busy for as long as
 * the window; and when edges follow at once, it was the beginning of what they tell.
 */
export class LostPairs {
  readonly #parts: LostPairsParts;
  #turned = { now: 0, idle: 0 };
  #cancel: Cancel | undefined;

  constructor(parts: LostPairsParts) {
    this.#parts = parts;
    this.turned();
  }

  /** The loop stands still no longer: what comes from now on did not come before. */
  turned(): void {
    const { clock } = this.#parts;
    this.#turned = { now: clock.now(), idle: clock.idle() };
  }

  /** An edge told of the level that was known already. */
  same(): void {
    const { clock, window, lost } = this.#parts;
    const { now, idle } = this.#turned;
    const busy = clock.now() - now - (clock.idle() - idle);
    this.other();
    if (busy >= window) this.#cancel = clock.after(window, lost);
  }

  /** An edge told of another level. */
  other(): void {
    this.turned();
    this.stop();
  }

  stop(): void {
    this.#cancel?.();
  }
}
