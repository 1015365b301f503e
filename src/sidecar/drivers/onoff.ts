import type { Log } from '../../lib/log.ts';
import type { Clock } from '../clock.ts';
import type { Driver, Line, LineListener, LineRequest } from './driver.ts';
import { findChips, lineNumber, worded } from './headerChip.ts';
import { type Gpio, OnoffLine } from './onoffLine.ts';
import { StoodStill } from './stoodStill.ts';
import {
  ACCESS_WAIT,
  checkExport,
  configureLine,
  exportLine,
  filesOf,
  unexportLine,
  untilAccessible,
} from './sysfsExport.ts';
import { type Attempt, explain, explainLoad, subject } from './sysfsProblems.ts';

export type GpioClass = new (
  number: number,
  direction: 'in' | 'high' | 'low',
  edge: 'both' | 'none',
  options: { activeLow: boolean },
) => Gpio;

export interface OnoffParts {
  readonly clock: Clock;
  readonly log: Log;
  /** The label or the name of the chip; undefined: the header's. */
  readonly chip?: string | undefined;
  readonly root?: string;
  readonly load?: () => Promise<GpioClass>;
  readonly exportLine?: typeof exportLine;
}

/** What was tried, once the chip is known. */
type Found = Attempt & Required<Pick<Attempt, 'number' | 'chip'>>;

/** The pins through sysfs, with onoff. Its own debounce is not used: it loses presses, and repeats levels after a glitch. */
export class OnoffDriver implements Driver {
  readonly name = 'onoff';
  readonly #parts: OnoffParts;
  readonly #root: string;
  readonly #load: () => Promise<GpioClass>;
  readonly #exportLine: typeof exportLine;
  readonly #stoodStill: StoodStill;
  /** The last warning, so that it is not said again for each pin and each try. */
  #warned = '';

  constructor(parts: OnoffParts) {
    this.#parts = parts;
    this.#root = parts.root ?? '/sys/class/gpio';
    this.#load = parts.load ?? loadOnoff;
    this.#exportLine = parts.exportLine ?? exportLine;
    this.#stoodStill = new StoodStill(parts.clock);
  }

  async open(request: LineRequest, listener: LineListener): Promise<Line> {
    const { attempt: found, Gpio } = await this.#prepare(request);
    const leftover = this.#exportLine(found) === 'leftover';
    const attempt = { ...found, leftover };
    const gpio = await this.#construct(Gpio, request, attempt);
    const { clock } = this.#parts;
    const stoodStill = () => this.#stoodStill.longest;
    const line = new OnoffLine({ gpio, request, listener, clock, attempt, stoodStill });
    try {
      line.start();
    } catch (error) {
      await line.close();
      throw error;
    }
    if (request.direction === 'in') this.#stoodStill.start();
    if (leftover) {
      const from = 'perhaps by a run that was cut short, and was taken over';
      this.#parts.log.info({ pin: request.name }, `${subject(attempt)} had been opened already, ${from}.`);
    }
    this.#warnOfPull(request, attempt);
    return line;
  }

  async close(): Promise<void> {
    this.#stoodStill.stop();
  }

  /** Whether this driver can work here, as far as that is known before a line is taken; rejects with a LineProblem. */
  async check(request: LineRequest): Promise<void> {
    const { attempt } = await this.#prepare(request);
    checkExport(attempt);
  }

  /** The chip is looked up anew each time: when it comes back after it was removed, its base may be another one. */
  async #prepare(request: LineRequest): Promise<{ attempt: Found; Gpio: GpioClass }> {
    const { name, gpio } = request;
    const wanted = { root: this.#root, name, gpio };
    const [chip, ...others] = findChips(wanted, this.#parts.chip);
    if (others.length > 0) this.#warnOfOthers([chip, ...others].map(worded), worded(chip));
    const attempt = { ...wanted, chip, number: lineNumber(wanted, chip) };
    try {
      return { attempt, Gpio: await this.#load() };
    } catch (error) {
      throw explainLoad(error, attempt);
    }
  }

  async #construct(Gpio: GpioClass, request: LineRequest, attempt: Found): Promise<Gpio> {
    const input = request.direction === 'in';
    try {
      await untilAccessible(
        attempt,
        filesOf(attempt, request),
        this.#parts.clock,
        attempt.leftover ? 0 : ACCESS_WAIT,
      );
      configureLine(attempt, request);
      const direction = input ? 'in' : request.level === 1 ? 'high' : 'low';
      return new Gpio(attempt.number, direction, input ? 'both' : 'none', { activeLow: false });
    } catch (error) {
      // Or else the next try would take what this one left behind for another program's.
      if (!attempt.leftover) unexportLine(attempt);
      throw explain(error, attempt, `${this.#root}/gpio${attempt.number}`);
    }
  }

  #warnOfPull(request: LineRequest, attempt: Found): void {
    if (request.direction !== 'in' || request.pull === 'as-is') return;
    const short = { 'pull-up': 'pu', 'pull-down': 'pd', none: 'pn' }[request.pull];
    this.#parts.log.warn(
      { pin: request.name, gpio: request.gpio },
      `${subject(attempt)}: the onoff driver cannot set ${request.pull}. Put gpio=${request.gpio}=${short} into /boot/firmware/config.txt and restart the Pi, or set GPIO_DRIVER=gpiomon.`,
    );
  }

  #warnOfOthers(all: readonly string[], taken: string): void {
    const warning = `There are ${all.length} chips that the pins could be of: ${all.join(', ')}. The first one is taken, ${taken}: if that is wrong, set GPIO_CHIP to another one's device.`;
    if (warning === this.#warned) return;
    this.#warned = warning;
    this.#parts.log.warn({}, warning);
  }
}

/** An optional dependency: where it could not be built it is not there, and types must not depend on it. */
const MODULE: string = 'onoff';

async function loadOnoff(): Promise<GpioClass> {
  return ((await import(MODULE)) as { Gpio: GpioClass }).Gpio;
}
