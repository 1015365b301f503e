import type { Log } from '../lib/log.ts';
import type { Cancel, Clock } from './clock.ts';
import type { Delays } from './loopDelays.ts';

export interface StallsParts {
  readonly delays: Delays;
  readonly clock: Clock;
  readonly log: Log;
  /** The name of the driver at present: what a stall does to presses depends on it. */
  readonly driver: () => string;
}

/** Shorter than anybody holds a button; whatever lasts longer may hide a whole press from onoff. */
export const STALL_MS = 50;
const LOOK_EVERY = 1_000;
/** A machine that is too slow stalls all the time: line by line that would bury everything else in the log. */
export const TELL_EVERY = 60_000;

const MEANING: Readonly<Record<string, string>> = {
  onoff:
    'Presses in that time may be lost, since onoff sees only the last level. If it happens often, give this machine less to do, or set GPIO_DRIVER=gpiomon, with which the kernel keeps them.',
  gpiomon: 'No press is lost by that: the kernel keeps them, with their times. They only came late.',
  mock: 'Presses of the mock only came late.',
};

/** How often the sidecar stood still, and for how long. The first time is told at once, and then once a minute. */
export class Stalls {
  readonly #parts: StallsParts;
  #count = 0;
  #longest = 0;
  #untold: number[] = [];
  #toldAt = Number.NEGATIVE_INFINITY;
  #cancel: Cancel | undefined;

  constructor(parts: StallsParts) {
    this.#parts = parts;
  }

  get count(): number {
    return this.#count;
  }

  /** Milliseconds. */
  get longest(): number {
    return this.#longest;
  }

  start(): void {
    this.#parts.delays.start();
    this.#lookLater();
  }

  /** Tells what was not told yet. */
  stop(): void {
    this.#cancel?.();
    this.#look();
    this.#parts.delays.stop();
    if (this.#untold.length > 0) this.#tell();
  }

  #lookLater(): void {
    this.#cancel = this.#parts.clock.after(LOOK_EVERY, () => {
      this.#look();
      const due = this.#parts.clock.now() - this.#toldAt >= TELL_EVERY;
      if (due && this.#untold.length > 0) this.#tell();
      this.#lookLater();
    });
  }

  #look(): void {
    const stalls = this.#parts.delays.take(STALL_MS).map(Math.round);
    this.#count += stalls.length;
    this.#longest = Math.max(this.#longest, ...stalls);
    this.#untold.push(...stalls);
  }

  #tell(): void {
    const { log, clock, driver } = this.#parts;
    const times = this.#untold.length;
    const longest = Math.max(...this.#untold);
    this.#untold = [];
    this.#toldAt = clock.now();
    const howLong = times === 1 ? `for ${longest} ms` : `${times} times, for up to ${longest} ms`;
    const meaning = MEANING[driver()] ?? 'Presses in that time may be lost.';
    // A laptop under load stalls often, and where no hardware is it costs nothing.
    log[driver() === 'mock' ? 'debug' : 'warn'](
      { stalls: this.#count, longest: this.#longest },
      `The sidecar stood still ${howLong}. ${meaning}`,
    );
  }
}
