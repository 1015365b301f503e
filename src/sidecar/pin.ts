import type { OutputCommand, PinState } from '../contract/device.ts';
import type { Log } from '../lib/log.ts';
import type { Cancel, Clock } from './clock.ts';
import { type Driver, type Level, type Line, LineProblem, type LineRequest } from './drivers/driver.ts';
import type { Made } from './gestures.ts';
import { Input } from './input.ts';
import { LossNotes } from './lossNotes.ts';
import { Output } from './output.ts';
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

/** A line that fails is tried ever more seldom: what keeps it from working is seldom gone at once, and each try costs. */
export const FIRST_RETRY = 1_000;
export const LONGEST_RETRY = 60_000;

/**
 * One pin, kept going: its line is opened, and opened again after a failure, whatever becomes of the other pins. Here, and
 * only here, voltages become logical levels: 1 is pressed or lit.
 */
export class Pin {
  readonly spec: PinSpec;
  readonly #parts: PinParts;
  readonly #losses: LossNotes;
  readonly #input: Input | undefined;
  readonly #output: Output | undefined;
  #line: Line | undefined;
  #problem: string | undefined;
  #openedAt = 0;
  #retry = FIRST_RETRY;
  #cancelRetry: Cancel | undefined;
  /** undefined: nobody has started it. */
  #opening: Promise<void> | undefined;
  #stopped = false;

  constructor(parts: PinParts) {
    const { spec, clock, log, changed } = parts;
    this.spec = spec;
    this.#parts = parts;
    this.#losses = new LossNotes(spec.name, clock, log, changed);
    if (spec.direction === 'in') {
      this.#input = new Input(spec, clock, { made: (made) => parts.made(spec, made), changed });
    } else {
      this.#output = new Output(spec, clock, {
        changed,
        state: () => this.state,
        warn: (sentence) => log.warn({ pin: spec.name }, sentence),
      });
    }
  }

  get state(): PinState {
    const { name, gpio, direction } = this.spec;
    const level = this.#line && (this.#input ?? this.#output)?.level;
    const blink = this.#output?.blink;
    const { count: missed } = this.#losses;
    const problem = this.#problem;
    return {
      name,
      gpio,
      direction,
      level: level ?? null,
      ...(blink === undefined ? {} : { blink }),
      ...(missed === 0 ? {} : { missed }),
      ...(problem === undefined ? {} : { problem }),
    };
  }

  /** Resolves when the line was tried once, whether it works or not. */
  start(): Promise<void> {
    this.#opening = this.#open();
    return this.#opening;
  }

  /** Sets an output to its safe level and lets go of the line. */
  async stop(): Promise<void> {
    const { log } = this.#parts;
    this.#stopped = true;
    this.#cancelRetry?.();
    this.#losses.stop();
    // What was never begun is not ours, and needs no end.
    if (this.#opening === undefined) return;
    await this.#opening;
    await this.#output
      ?.end((safe) => this.#openOnceMore(safe))
      .catch((error) => log.error({ pin: this.spec.name }, `The safe level was not set: ${last(error)}`));
    await this.#letGo();
  }

  /** What an output is to do; rejects with a LineProblem when the line did not take it. */
  async obey(command: OutputCommand): Promise<PinState> {
    if (!this.#output) throw new LineProblem(`${this.spec.name} is an input.`);
    return this.#output.obey(command);
  }

  /** An output whose line is lost may still be on, and nobody would switch it off any more. */
  async #openOnceMore(level: Level): Promise<Level> {
    await this.#letGo();
    const request = this.#request(level);
    const line = await this.#parts.driver.open(request, { edge() {}, missed() {}, failed() {} });
    this.#line = line;
    return this.#write(line, level);
  }

  async #open(): Promise<void> {
    if (this.#stopped) return;
    const { driver, clock } = this.#parts;
    let line: Line | undefined;
    try {
      line = await driver.open(this.#request(), {
        edge: (level, at) => line && line === this.#line && this.#edge(level, at),
        missed: (edges) => line && line === this.#line && this.#losses.add(edges),
        failed: (problem) => line && this.#lost(line, problem),
      });
      const level = this.#flip(line.read());
      this.#line = line;
      this.#openedAt = clock.now();
      this.#works(line, level);
    } catch (error) {
      await line?.close();
      this.#fails(error);
    }
  }

  #works(line: Line, level: Level): void {
    if (this.#problem !== undefined) this.#parts.log.info({ pin: this.spec.name }, 'The pin works again.');
    this.#problem = undefined;
    if (this.#input?.opened(level, () => this.#readAgain(), line.lag)) this.#losses.add(1);
    this.#output?.opened(level, (next) => this.#write(line, next));
    this.#parts.changed();
  }

  #edge(level: Level, at: number): void {
    this.#input?.edge(this.#flip(level), at);
    this.#output?.edge(this.#flip(level));
  }

  async #write(line: Line, level: Level): Promise<Level> {
    try {
      await line.write(this.#flip(level));
      // It may have failed meanwhile, and what a line reads that was let go of says nothing.
      if (line === this.#line) return this.#flip(line.read());
    } catch (error) {
      this.#lost(line, error);
      throw new LineProblem(sentence(error));
    }
    throw new LineProblem(this.#problem ?? 'The pin is not open.');
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
      this.#opening = this.#opening?.then(() => this.#open());
    });
    this.#retry = Math.min(this.#retry * 2, LONGEST_RETRY);
    changed();
  }

  async #letGo(): Promise<void> {
    const line = this.#line;
    this.#line = undefined;
    this.#input?.closed();
    this.#output?.closed();
    await line?.close();
  }

  #request(level = this.#output?.wanted): LineRequest {
    const { spec } = this;
    const { name, gpio } = spec;
    if (spec.direction === 'out') {
      return { name, gpio, direction: 'out', level: this.#flip(level ?? spec.initial) };
    }
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

/** Nothing is tried again after the end. */
function last(error: unknown): string {
  return sentence(error).replace(/[.:] it is (?:opened|started|tried) again\b[^.]*\./i, '.');
}
