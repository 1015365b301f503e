import type { Cancel, Clock } from '../clock.ts';
import type { Driver, Level, Line, LineListener, LineRequest } from './driver.ts';
import { MockButton } from './mockButton.ts';

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

  hold(gpio: number, ms: number): string | undefined {
    const button = this.#buttons.get(gpio);
    return button ? button.hold(ms) : `GPIO ${gpio} is not open.`;
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
