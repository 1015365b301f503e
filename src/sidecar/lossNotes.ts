import type { Log } from '../lib/log.ts';
import type { Cancel, Clock } from './clock.ts';

export const NOTE_EVERY = 60_000;

/** Edges of one pin that were lost. The first is told at once, more of them once a minute: a bad contact loses thousands. */
export class LossNotes {
  readonly #pin: string;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #changed: () => void;
  #count = 0;
  #told = 0;
  #cancel: Cancel | undefined;

  constructor(pin: string, clock: Clock, log: Log, changed: () => void) {
    this.#pin = pin;
    this.#clock = clock;
    this.#log = log;
    this.#changed = changed;
  }

  /** All since the start. */
  get count(): number {
    return this.#count;
  }

  add(edges: number): void {
    this.#count += edges;
    if (!this.#cancel) this.#tell();
  }

  /** Tells what was not told yet. */
  stop(): void {
    if (this.#count > this.#told) this.#tell();
    this.#cancel?.();
  }

  #tell(): void {
    const lost = this.#count - this.#told;
    this.#told = this.#count;
    this.#log.warn(
      { pin: this.#pin, lost, missed: this.#count },
      `${this.#pin}: ${lost === 1 ? 'an edge was' : `${lost} edges were`} lost, so a press may be missing. If it happens often, check the contact and its wires.`,
    );
    this.#cancel?.();
    this.#cancel = this.#clock.after(NOTE_EVERY, () => {
      this.#cancel = undefined;
      if (this.#count > this.#told) this.#tell();
    });
    this.#changed();
  }
}
