import {
  type ButtonCommand,
  type OutputCommand,
  type PinCommand,
  type PinReply,
  parseCommand,
} from '../contract/device.ts';
import type { Driver } from './drivers/driver.ts';
import type { Pin } from './pin.ts';
import type { InputSpec } from './pins.ts';

type Refusal = Extract<PinReply, { ok: false }>;

/** Answers what is asked of the pins. Nothing here waits for a pulse or a blink to end: who asks gives up after two seconds. */
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
    const asked = parseCommand(command.pin, { ...command });
    if ('problem' in asked) return refuse('not-possible', asked.problem);
    return 'press' in asked || 'hold' in asked ? this.#touch(pin, asked) : this.#obey(pin, asked);
  }

  #touch(pin: Pin, command: ButtonCommand): PinReply {
    const { spec } = pin;
    if (spec.direction === 'out') {
      return refuse('not-possible', `${spec.name} is an output: set it, with {"value": 1}.`);
    }
    const whyNot = 'press' in command ? this.#press(spec, command.press) : this.#hold(spec, command.hold);
    return whyNot === undefined ? { ok: true, pin: pin.state } : refuse('not-possible', whyNot);
  }

  #press({ name, gpio, debounce }: InputSpec, ms: number): string | undefined {
    if (!this.#driver.press) return isReal(name);
    if (ms < debounce) return `${name} takes what is shorter than ${debounce} ms for bouncing: press longer.`;
    return this.#driver.press(gpio, ms);
  }

  #hold({ name, gpio }: InputSpec, ms: number): string | undefined {
    return this.#driver.hold ? this.#driver.hold(gpio, ms) : isReal(name);
  }

  async #obey(pin: Pin, command: OutputCommand): Promise<PinReply> {
    const { spec } = pin;
    if (spec.direction === 'in') {
      return refuse(
        'not-possible',
        `${spec.name} is an input: PINS has outputs as ${spec.name}=${spec.gpio}:out.`,
      );
    }
    try {
      return { ok: true, pin: await pin.obey(command) };
    } catch (error) {
      return refuse('failing', (error as Error).message);
    }
  }
}

function isReal(name: string): string {
  return `${name} is a real button, which only a finger presses: GPIO_DRIVER=mock has buttons for commands.`;
}

function refuse(refused: Refusal['refused'], error: string): Refusal {
  return { ok: false, refused, error };
}
