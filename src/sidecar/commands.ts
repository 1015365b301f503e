import type { PinCommand, PinReply } from '../contract/device.ts';
import type { Driver } from './drivers/driver.ts';
import type { Pin } from './pin.ts';

type Refusal = Extract<PinReply, { ok: false }>;

/** A press that lasts longer is a mistake in a script, and would keep others from pressing. */
export const LONGEST_PRESS = 60_000;

/** Answers what is asked of the pins. Nothing here waits: who asks gives up after two seconds. */
export class Commands {
  readonly #pins: ReadonlyMap<string, Pin>;
  readonly #driver: Driver;

  constructor(pins: readonly Pin[], driver: Driver) {
    this.#pins = new Map(pins.map((pin) => [pin.spec.name, pin]));
    this.#driver = driver;
  }

  async answer(command: PinCommand): Promise<PinReply> {
    const pin = this.#pins.get(command.pin);
    if (!pin) {
      const names = [...this.#pins.keys()].join(', ');
      return refuse('unknown-pin', `There is no pin "${command.pin}": the pins are ${names}.`);
    }
    if ('press' in command) return this.#press(pin, command.press);
    if ('value' in command) return this.#set(pin, command.value);
    return refuse('not-possible', 'A pin can be pressed, with {"press": 120}, or set, with {"value": 1}.');
  }

  #press(pin: Pin, ms: number): PinReply {
    const { spec } = pin;
    if (spec.direction === 'out') {
      return refuse('not-possible', `${spec.name} is an output: set it, with {"value": 1}.`);
    }
    if (!this.#driver.press) {
      return refuse(
        'not-possible',
        `${spec.name} is a real button, which only a finger presses: GPIO_DRIVER=mock has buttons for commands.`,
      );
    }
    if (!Number.isFinite(ms) || ms < 1 || ms > LONGEST_PRESS) {
      return refuse('not-possible', `A press lasts from 1 to ${LONGEST_PRESS} milliseconds.`);
    }
    if (ms < spec.debounce) {
      return refuse(
        'not-possible',
        `${spec.name} takes what is shorter than ${spec.debounce} ms for bouncing: press longer.`,
      );
    }
    const whyNot = this.#driver.press(spec.gpio, ms);
    return whyNot === undefined ? { ok: true, pin: pin.state } : refuse('not-possible', whyNot);
  }

  async #set(pin: Pin, value: 0 | 1): Promise<PinReply> {
    const { spec } = pin;
    if (spec.direction === 'in') {
      return refuse(
        'not-possible',
        `${spec.name} is an input: PINS has outputs as ${spec.name}=${spec.gpio}:out.`,
      );
    }
    if (value !== 0 && value !== 1) return refuse('not-possible', 'The value of an output is 0 or 1.');
    try {
      await pin.set(value);
    } catch (error) {
      return refuse('failing', (error as Error).message);
    }
    return { ok: true, pin: pin.state };
  }
}

function refuse(refused: Refusal['refused'], error: string): Refusal {
  return { ok: false, refused, error };
}
