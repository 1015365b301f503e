/** Two clocks run apart by less than this, each millisecond. */
const DRIFT = 1e-4;
/** However long nothing was heard, the right edge shall not fall behind visibly. */
const MOST_DRIFT = 1_000;
/** The header `Date` has whole seconds, and an answer is under way for a while: only what is further off is news. */
const ROUGH = 2_500;

/**
 * What time the server has. A Pi without a battery may be off by years until it finds a time server, and marks stand
 * where its clock says: if "now" at the right edge were this browser's, they would lie out of sight.
 *
 * An event cannot be heard before it happened. So the smallest difference between our clock and an event's `at` that
 * was heard of late is the best guess: it is off by the shortest way an event took. Events from the log, which are
 * heard late, only make larger differences, and change nothing. The header `Date` of an answer of the log, which is rough
 * but never late, says where to begin. When the server's clock was set forward, or ours back, the next event says so; the
 * other way round it is the next answer of the log, when a pin is new or events are missing.
 */
export class ServerClock {
  readonly #here: () => number;
  /** How far our clock is ahead. */
  #ahead = 0;
  #heardAt = 0;

  constructor(here: () => number = Date.now) {
    this.#here = here;
  }

  get now(): number {
    return this.#here() - this.#ahead;
  }

  /** An event was heard just now that happened then. */
  heard(at: number): void {
    const here = this.#here();
    const drift = Math.min(MOST_DRIFT, Math.max(0, here - this.#heardAt) * DRIFT);
    this.#heardAt = here;
    this.#ahead = Math.min(here - at, this.#ahead + drift);
  }

  /** An answer came just now that the server made then; NaN if it did not say. */
  told(date: number): void {
    const ahead = this.#here() - date;
    // The second that was cut off is half a second on average.
    if (Number.isFinite(ahead) && Math.abs(ahead - this.#ahead) > ROUGH) this.#ahead = ahead - 500;
  }
}
