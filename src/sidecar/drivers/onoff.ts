import { accessSync, constants, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Log } from '../../lib/log.ts';
import type { Cancel, Clock } from '../clock.ts';
import {
  type Driver,
  type Level,
  type Line,
  type LineListener,
  LineProblem,
  type LineRequest,
} from './driver.ts';
import { findHeaderChip, type HeaderChip, lineNumber } from './headerChip.ts';
import { type Attempt, explain, explainLoad } from './sysfsProblems.ts';

/** What is used of onoff's Gpio. */
export interface Gpio {
  readSync(): Level;
  writeSync(level: Level): void;
  watch(hear: (error: Error | null | undefined, level: Level) => void): void;
  unexport(): void;
  direction(): string;
  edge(): string;
  activeLow(): boolean;
}

export type GpioClass = new (
  number: number,
  direction: 'in' | 'high' | 'low',
  edge: 'both' | 'none',
  options: { activeLow: boolean },
) => Gpio;

export interface OnoffParts {
  readonly clock: Clock;
  readonly log: Log;
  readonly root?: string;
  readonly load?: () => Promise<GpioClass>;
}

/** Nothing tells when a line is unexported behind us or when the kernel lost an edge: only looking does. */
export const CHECK_EVERY = 500;

/** The pins through sysfs, with onoff. Its own debounce is not used: it loses presses, and repeats levels after a glitch. */
export class OnoffDriver implements Driver {
  readonly name = 'onoff';
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #root: string;
  readonly #load: () => Promise<GpioClass>;

  constructor({ clock, log, root = '/sys/class/gpio', load = loadOnoff }: OnoffParts) {
    this.#clock = clock;
    this.#log = log;
    this.#root = root;
    this.#load = load;
  }

  async open(request: LineRequest, listener: LineListener): Promise<Line> {
    const { gpio } = request;
    const root = this.#root;
    const chip = findHeaderChip(root);
    const number = lineNumber(chip, gpio);
    const attempt = { root, gpio, number, chip };
    const Gpio = await this.#load();
    const line = new OnoffLine(this.#construct(Gpio, request, attempt), listener, this.#clock, attempt);
    try {
      line.start(request.direction);
    } catch (error) {
      await line.close();
      throw error;
    }
    this.#warnOfPull(request);
    return line;
  }

  async close(): Promise<void> {}

  #construct(Gpio: GpioClass, request: LineRequest, attempt: Required<Attempt>): Gpio {
    const { root, number } = attempt;
    const leftover = existsSync(join(root, `gpio${number}`));
    let gpio: Gpio | undefined;
    try {
      checkAccess(root, number, leftover);
      const direction = request.direction === 'in' ? 'in' : request.level === 1 ? 'high' : 'low';
      gpio = new Gpio(number, direction, request.direction === 'in' ? 'both' : 'none', { activeLow: false });
      checkConfigured(gpio, request, attempt);
      if (leftover) this.#log.info({ gpio: request.gpio }, 'The line was open already, and was taken over.');
      return gpio;
    } catch (error) {
      if (gpio) quietly(() => gpio?.unexport());
      // onoff leaves the line exported when it fails half way; then the next try would find a leftover of our own.
      else if (!leftover) unexport(root, number);
      throw explain(error, attempt);
    }
  }

  #warnOfPull(request: LineRequest): void {
    if (request.direction !== 'in' || request.pull === 'as-is') return;
    const short = { 'pull-up': 'pu', 'pull-down': 'pd', none: 'pn' }[request.pull];
    this.#log.warn(
      { pin: request.name, gpio: request.gpio },
      `The onoff driver cannot set ${request.pull}: put gpio=${request.gpio}=${short} into config.txt and restart the Pi.`,
    );
  }
}

class OnoffLine implements Line {
  readonly #gpio: Gpio;
  readonly #listener: LineListener;
  readonly #clock: Clock;
  readonly #attempt: Attempt;
  readonly #readSync: () => Level;
  #level: Level = 0;
  #cancelCheck: Cancel | undefined;
  #done = false;

  constructor(gpio: Gpio, listener: LineListener, clock: Clock, attempt: Attempt) {
    this.#gpio = gpio;
    this.#listener = listener;
    this.#clock = clock;
    this.#attempt = attempt;
    this.#readSync = gpio.readSync.bind(gpio);
  }

  /** Throws a LineProblem. */
  start(direction: 'in' | 'out'): void {
    this.#level = this.read();
    if (direction === 'in') this.#watch();
    this.#checkLater();
  }

  read(): Level {
    try {
      return this.#readSync();
    } catch (error) {
      throw explain(error, this.#attempt);
    }
  }

  async write(level: Level): Promise<void> {
    try {
      this.#gpio.writeSync(level);
      this.#level = level;
    } catch (error) {
      throw explain(error, this.#attempt);
    }
  }

  async close(): Promise<void> {
    this.#done = true;
    this.#cancelCheck?.();
    quietly(() => this.#gpio.unexport());
  }

  #watch(): void {
    // onoff reads the level in its own handler, outside any try: an error there would end the process.
    this.#gpio.readSync = () => this.#readOrFail() ?? this.#level;
    this.#gpio.watch((_error, level) => this.#report(level));
  }

  /** Finds an edge that was lost, and a line that is gone. */
  #checkLater(): void {
    this.#cancelCheck = this.#clock.after(CHECK_EVERY, () => {
      const level = this.#readOrFail();
      if (level !== undefined && level !== this.#level) this.#report(level);
      if (!this.#done) this.#checkLater();
    });
  }

  #report(level: Level): void {
    if (this.#done) return;
    this.#level = level;
    this.#listener.edge(level, this.#clock.now());
  }

  #readOrFail(): Level | undefined {
    try {
      return this.read();
    } catch (error) {
      if (!this.#done) {
        this.#done = true;
        this.#cancelCheck?.();
        this.#listener.failed(error as LineProblem);
      }
      return undefined;
    }
  }
}

/** An optional dependency: where it could not be built it is not there, and types must not depend on it. */
const MODULE: string = 'onoff';

async function loadOnoff(): Promise<GpioClass> {
  try {
    return ((await import(MODULE)) as { Gpio: GpioClass }).Gpio;
  } catch (error) {
    throw explainLoad(error);
  }
}

/** Asked for here, a missing permission is known at once. onoff would try for up to three seconds, and block everything. */
function checkAccess(root: string, number: number, leftover: boolean): void {
  accessSync(join(root, 'export'), constants.W_OK);
  if (!leftover) return;
  for (const file of ['value', 'direction']) {
    accessSync(join(root, `gpio${number}`, file), constants.R_OK | constants.W_OK);
  }
}

/** On a line that was open before, onoff ignores what it could not set: the line would be deaf, or the wrong way round. */
function checkConfigured(gpio: Gpio, request: LineRequest, attempt: Required<Attempt>): void {
  const { direction } = request;
  if (gpio.direction() !== direction) {
    throw new LineProblem(`${what(attempt)} could not be made an ${direction}put: ${ELSEWHERE}`);
  }
  if (gpio.activeLow()) {
    throw new LineProblem(
      `${what(attempt)} is inverted by the kernel, and this could not be changed: ${ELSEWHERE}`,
    );
  }
  if (direction === 'in' && gpio.edge() !== 'both') {
    throw new LineProblem(`${what(attempt)} reports no edges, and this could not be changed: ${ELSEWHERE}`);
  }
}

const ELSEWHERE =
  'another program has opened the line and keeps its settings. End that program, or choose another GPIO in PINS.';

function what({ gpio, number }: { gpio: number; number: number; chip: HeaderChip }): string {
  return `GPIO ${gpio} (number ${number} of sysfs)`;
}

function unexport(root: string, number: number): void {
  if (!existsSync(join(root, `gpio${number}`))) return;
  quietly(() => writeFileSync(join(root, 'unexport'), String(number)));
}

/** Letting go of a line that is gone fails, and that is no news. */
function quietly(run: () => void): void {
  try {
    run();
  } catch {}
}
