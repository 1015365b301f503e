import type { Cancel, Clock } from '../clock.ts';
import {
  type Driver,
  type InputRequest,
  type Level,
  type Line,
  type LineListener,
  LineProblem,
  type LineRequest,
} from './driver.ts';

/** Presses on one pin that may wait for one another. */
export const MOST_WAITING = 20;
/** How long the finger is off the button between two presses that were asked for at once. */
export const PAUSE = 100;
/** How long the mock itself holds a button. */
export const AUTO_PRESS = 120;

/** Pins that are nowhere but in memory. Buttons are pressed by command, or by the mock itself every so often. */
export class MockDriver implements Driver {
  readonly name = 'mock';
  readonly #clock: Clock;
  readonly #auto: number | undefined;
  readonly #buttons = new Map<number, MockButton>();
  #cancelAuto: Cancel | undefined;

  /** `auto`: milliseconds between the presses that it makes by itself on the first button. */
  constructor(clock: Clock, auto?: number) {
    this.#clock = clock;
    this.#auto = auto;
  }

  async open(request: LineRequest, listener: LineListener): Promise<Line> {
    if (request.direction === 'out') return new MockOutput(request.level);
    const button = new MockButton(request, listener, this.#clock);
    this.#buttons.set(request.gpio, button);
    if (this.#auto !== undefined && !this.#cancelAuto) this.#pressBySelf(button, this.#auto);
    return button;
  }

  press(gpio: number, ms: number): string | undefined {
    const button = this.#buttons.get(gpio);
    return button ? button.press(ms) : `GPIO ${gpio} is not open.`;
  }

  async close(): Promise<void> {
    this.#cancelAuto?.();
  }

  #pressBySelf(button: MockButton, every: number): void {
    this.#cancelAuto = this.#clock.after(every, () => {
      if (!button.busy) button.press(AUTO_PRESS);
      this.#pressBySelf(button, every);
    });
  }
}

/** One finger on one button: presses that overlap come one after another, as asked for. */
class MockButton implements Line {
  readonly #request: InputRequest;
  readonly #listener: LineListener;
  readonly #clock: Clock;
  readonly #waiting: number[] = [];
  #level: Level;
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
    if (this.#closed) return `${this.#request.name} is not open.`;
    if (this.#waiting.length >= MOST_WAITING) {
      return `${MOST_WAITING} presses of ${this.#request.name} wait already: try again when they are done.`;
    }
    this.#waiting.push(ms);
    if (!this.busy) this.#next();
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

  #next(): void {
    this.#cancel = undefined;
    const ms = this.#waiting.shift();
    if (ms === undefined) return;
    this.#move(this.#request.rest === 1 ? 0 : 1);
    this.#cancel = this.#clock.after(ms, () => {
      this.#move(this.#request.rest);
      // Shorter than the debounce window, and the two presses would be one.
      this.#cancel = this.#clock.after(Math.max(PAUSE, this.#request.debounce * 2), () => this.#next());
    });
  }

  #move(level: Level): void {
    this.#level = level;
    this.#listener.edge(level, this.#clock.now());
  }
}

class MockOutput implements Line {
  #level: Level;

  constructor(level: Level) {
    this.#level = level;
  }

  read(): Level {
    return this.#level;
  }

  async write(level: Level): Promise<void> {
    this.#level = level;
  }

  async close(): Promise<void> {}
}
