import type { PinState } from '../contract/device.ts';
import type { Log } from '../lib/log.ts';
import type { Cancel, Clock } from './clock.ts';
import { type Driver, type Level, type Line, LineProblem, type LineRequest } from './drivers/driver.ts';
import type { Made } from './gestures.ts';
import { Input } from './input.ts';
import type { InputSpec, PinSpec } from './pins.ts';

export interface PinParts {
  readonly spec: PinSpec;
  readonly driver: Driver;
  readonly clock: Clock;
  readonly log: Log;
  readonly made: (pin: InputSpec, made: Made) => void;
  /** The level or the problem is another one. */
  readonly changed: () => void;
}

/** Opening a line that fails may block the process for seconds (sysfs), so it is tried ever more seldom. */
export const FIRST_RETRY = 1_000;
export const LONGEST_RETRY = 60_000;

/**
 * One pin, kept going: its line is opened, and opened again after a failure, whatever becomes of the other pins. Here, and
 * only here, voltages become logical levels: 1 is pressed or lit.
 */
export class Pin {
  readonly spec: PinSpec;
  readonly #parts: PinParts;
  readonly #input: Input | undefined;
  #line: Line | undefined;
  #problem: string | undefined;
  #openedAt = 0;
  #retry = FIRST_RETRY;
  #cancelRetry: Cancel | undefined;
  #opening: Promise<void> = Promise.resolve();
  #stopped = false;
  /** Outputs: the level that was read last, and the one that is to be set when the line comes back. */
  #output: Level | undefined;
  #wanted: Level;

  constructor(parts: PinParts) {
    const { spec, clock } = parts;
    this.spec = spec;
    this.#parts = parts;
    this.#wanted = spec.direction === 'out' ? spec.initial : 0;
    if (spec.direction === 'in') {
      this.#input = new Input(spec, clock, {
        made: (made) => parts.made(spec, made),
        changed: parts.changed,
      });
    }
  }

  get state(): PinState {
    const { name, gpio, direction } = this.spec;
    const level = this.#line ? (this.#input ? this.#input.level : this.#output) : undefined;
    const state = { name, gpio, direction, level: level ?? null };
    return this.#problem === undefined ? state : { ...state, problem: this.#problem };
  }

  /** Resolves when the line was tried once, whether it works or not. */
  start(): Promise<void> {
    this.#opening = this.#open();
    return this.#opening;
  }

  /** Sets an output to its safe level and lets go of the line. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelRetry?.();
    await this.#opening;
    const line = this.#line;
    if (line && this.spec.direction === 'out') {
      await line
        .write(this.#flip(this.spec.safe))
        .catch((error) =>
          this.#parts.log.error({ pin: this.spec.name }, `The safe level was not set: ${sentence(error)}`),
        );
    }
    await this.#letGo();
  }

  /** Sets an output; rejects with a LineProblem when it did not take the level. */
  async set(level: Level): Promise<void> {
    const line = this.#line;
    if (!line || this.#stopped) throw new LineProblem(this.#problem ?? 'The pin is not open.');
    try {
      await line.write(this.#flip(level));
      this.#output = this.#flip(line.read());
    } catch (error) {
      this.#lost(line, error);
      throw new LineProblem(sentence(error));
    }
    this.#parts.changed();
    if (this.#output !== level) {
      throw new LineProblem(
        `${this.spec.name} (GPIO ${this.spec.gpio}) was set to ${level} and reads ${this.#output}: something else drives the line, so check the wiring.`,
      );
    }
    this.#wanted = level;
  }

  async #open(): Promise<void> {
    const { driver, clock } = this.#parts;
    let line: Line | undefined;
    try {
      line = await driver.open(this.#request(), {
        edge: (level, at) => line && line === this.#line && this.#edge(level, at),
        failed: (problem) => line && this.#lost(line, problem),
      });
      const level = this.#flip(line.read());
      this.#line = line;
      this.#openedAt = clock.now();
      this.#works(level);
    } catch (error) {
      await line?.close();
      this.#fails(error);
    }
  }

  #works(level: Level): void {
    if (this.#problem !== undefined) this.#parts.log.info({ pin: this.spec.name }, 'The pin works again.');
    this.#problem = undefined;
    if (this.#input) this.#input.opened(level, () => this.#readAgain());
    else this.#output = level;
    this.#parts.changed();
  }

  #edge(level: Level, at: number): void {
    if (this.#input) {
      this.#input.edge(this.#flip(level), at);
    } else if (this.#output !== this.#flip(level)) {
      this.#output = this.#flip(level);
      this.#parts.changed();
    }
  }

  #readAgain(): Level | undefined {
    const line = this.#line;
    if (!line) return undefined;
    try {
      return this.#flip(line.read());
    } catch (error) {
      this.#lost(line, error);
      return undefined;
    }
  }

  /** An open line failed. */
  #lost(line: Line, error: unknown): void {
    if (line !== this.#line || this.#stopped) return;
    if (this.#parts.clock.now() - this.#openedAt > LONGEST_RETRY) this.#retry = FIRST_RETRY;
    this.#opening = this.#letGo();
    this.#fails(error);
  }

  #fails(error: unknown): void {
    if (this.#stopped) return;
    const problem = sentence(error);
    const { log, clock, changed } = this.#parts;
    // The same words every minute would bury everything else in the log.
    if (problem !== this.#problem) log.error({ pin: this.spec.name, gpio: this.spec.gpio }, problem);
    this.#problem = problem;
    this.#cancelRetry = clock.after(this.#retry, () => {
      this.#opening = this.#opening.then(() => this.#open());
    });
    this.#retry = Math.min(this.#retry * 2, LONGEST_RETRY);
    changed();
  }

  async #letGo(): Promise<void> {
    const line = this.#line;
    this.#line = undefined;
    this.#input?.closed();
    await line?.close();
  }

  #request(): LineRequest {
    const { spec } = this;
    const { name, gpio } = spec;
    if (spec.direction === 'out') return { name, gpio, direction: 'out', level: this.#flip(this.#wanted) };
    const { pull, debounce } = spec;
    return { name, gpio, direction: 'in', pull, debounce, rest: this.#flip(0) };
  }

  #flip(level: Level): Level {
    return this.spec.activeLow ? (level === 1 ? 0 : 1) : level;
  }
}

function sentence(error: unknown): string {
  if (error instanceof LineProblem) return error.message;
  return `Unexpected: ${error instanceof Error ? error.message : String(error)}`;
}
