/** When the pictures are taken: the same moment each time, and not at the turn of an hour, which would have nothing yet. */
export const MOMENT = Date.UTC(2026, 10, 20, 14, 41, 0);

/** A clock that stands still until it is moved: the sidecar's, and by `Date.now()` the app's. */
export class Clock {
  #now = 0;
  #wallAtZero;
  #timers = new Set();

  constructor(start) {
    this.#wallAtZero = start;
  }

  now() {
    return this.#now;
  }

  wall(at = this.#now) {
    return this.#wallAtZero + at;
  }

  after(ms, run) {
    const timer = { at: this.#now + ms, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Time passes: each timer runs when it is due, and what it has begun goes on before the next one. */
  async pass(ms) {
    const end = this.#now + ms;
    for (let timer = this.#due(end); timer; timer = this.#due(end)) {
      this.#timers.delete(timer);
      this.#now = Math.max(this.#now, timer.at);
      timer.run();
      await settled();
    }
    this.#now = end;
    await settled();
  }

  #due(end) {
    let first;
    for (const timer of this.#timers) if (timer.at <= end && !(first?.at <= timer.at)) first = timer;
    return first;
  }
}

function settled() {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Numbers that look random and are the same each time: from 0 to below 1. */
export function dice(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
