import type { Cancel, Clock } from '../clock.ts';
import { type InputRequest, type Level, type Line, type LineListener, LineProblem } from './driver.ts';

/** Presses on one pin that may wait for one another. */
export const MOST_WAITING = 20;
/** How long the finger is off the button between two presses that were asked for at once. */
export const PAUSE = 100;

/** Somebody holds the button, or will as soon as the finger was off it for long enough. */
interface Hold {
  readonly since: number;
  readonly until: number;
}

/**
 * One finger on one button. Presses that overlap come one after another, as asked for. A hold is somebody who waits for the
 * button to be down: it takes over a press that is under way, and comes before those that wait.
 */
export class MockButton implements Line {
  readonly #request: InputRequest;
  readonly #listener: LineListener;
  readonly #clock: Clock;
  readonly #waiting: number[] = [];
  #level: Level;
  /** When it went down, while it is. */
  #down: number | undefined;
  /** It is down for the rest of the debounce window alone: whoever held it has let go. */
  #ending = false;
  #hold: Hold | undefined;
  #cancel: Cancel | undefined;
  #closed = false;

  constructor(request: InputRequest, listener: LineListener, clock: Clock) {
    this.#request = request;
    this.#listener = listener;
    this.#clock = clock;
    this.#level = request.rest;
  }

  /** Held, or just let go of. */
  get busy(): boolean {
    return this.#cancel !== undefined;
  }

  press(ms: number): string | undefined {
    return this.#problem ?? this.#wait(ms);
  }

  /** Stays down for so long from now; 0 lets go. Answers why not, if it can't. */
  hold(ms: number): string | undefined {
    if (this.#problem !== undefined) return this.#problem;
    if (ms === 0) return this.#letGo();
    const now = this.#clock.now();
    this.#hold = { since: this.#hold?.since ?? now, until: now + ms };
    if (this.#isHeld) this.#releaseAt(this.#hold.until);
    else if (!this.busy) this.#next();
    return undefined;
  }

  read(): Level {
    return this.#level;
  }

  async write(): Promise<void> {
    throw new LineProblem(`${this.#request.name} is an input.`);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel?.();
  }

  get #problem(): string | undefined {
    return this.#closed ? `${this.#request.name} is not open.` : undefined;
  }

  get #isHeld(): boolean {
    return this.#down !== undefined && !this.#ending;
  }

  #wait(ms: number): string | undefined {
    if (this.#waiting.length >= MOST_WAITING) {
      return `${MOST_WAITING} presses of ${this.#request.name} wait already: try again when they are done.`;
    }
    this.#waiting.push(ms);
    if (!this.busy) this.#next();
    return undefined;
  }

  #letGo(): string | undefined {
    const hold = this.#hold;
    if (!hold) return undefined;
    this.#hold = undefined;
    const now = this.#clock.now();
    if (!this.#isHeld) {
      // The second tap of two quick ones may be over before it could begin. It was one all the same.
      return this.#wait(Math.max(1, this.#request.debounce, now - hold.since));
    }
    this.#ending = true;
    this.#releaseAt(now);
    return undefined;
  }

  #next(): void {
    this.#cancel = undefined;
    const now = this.#clock.now();
    const until = this.#hold?.until ?? this.#waitingUntil(now);
    if (until === undefined) return;
    this.#down = now;
    this.#move(this.#request.rest === 1 ? 0 : 1);
    this.#releaseAt(until);
  }

  #waitingUntil(now: number): number | undefined {
    const ms = this.#waiting.shift();
    return ms === undefined ? undefined : now + ms;
  }

  /** A tap that a slow network made shorter than the debounce window would count as bouncing. */
  #releaseAt(time: number): void {
    this.#cancel?.();
    const now = this.#clock.now();
    const left = Math.max(time, (this.#down ?? now) + this.#request.debounce) - now;
    if (left <= 0) this.#release();
    else this.#cancel = this.#clock.after(left, () => this.#release());
  }

  #release(): void {
    // Who came after the other one had let go holds it next.
    if (!this.#ending) this.#hold = undefined;
    this.#ending = false;
    this.#down = undefined;
    // Shorter than the debounce window, and the two presses would be one.
    this.#cancel = this.#clock.after(Math.max(PAUSE, this.#request.debounce * 2), () => this.#next());
    this.#move(this.#request.rest);
  }

  #move(level: Level): void {
    this.#level = level;
    this.#listener.edge(level, this.#clock.now());
  }
}
