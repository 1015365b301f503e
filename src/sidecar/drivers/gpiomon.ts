import type { Log } from '../../lib/log.ts';
import type { Clock } from '../clock.ts';
import type { Pull } from '../pins.ts';
import type {
  Driver,
  InputRequest,
  Level,
  Line,
  LineListener,
  LineProblem,
  LineRequest,
  OutputRequest,
} from './driver.ts';
import { seenChips } from './gpiodChip.ts';
import {
  CONSUMER,
  cannotOpen,
  chooseChip,
  ending,
  explainEnd,
  type GpiodAttempt,
  holderIn,
} from './gpiodProblems.ts';
import { type Ended, GpiodTools } from './gpiodTools.ts';
import { GpiomonLine } from './gpiomonLine.ts';
import { GpiosetLine } from './gpiosetLine.ts';
import { kernelNow, kernelPeriod } from './kernelStamps.ts';

export interface GpiomonParts {
  readonly clock: Clock;
  readonly log: Log;
  /** The label or the device of the chip; undefined: the header's. */
  readonly chip?: string | undefined;
  /** Where the programs are looked for, instead of PATH. */
  readonly path?: string;
  /** Where the devices are. */
  readonly folder?: string;
  readonly kernelNow?: () => number;
}

type Found = Required<GpiodAttempt>;

const BIAS: Record<Pull, readonly string[]> = {
  'pull-up': ['-b', 'pull-up'],
  'pull-down': ['-b', 'pull-down'],
  none: ['-b', 'disabled'],
  'as-is': [],
};

/** A pull needs a moment to move a long cable before the level is read. */
const HOLD = '5ms';

/** The pins through their device, with a program of libgpiod 2 for each: no addon, and no right but for that device. */
export class GpiomonDriver implements Driver {
  readonly name = 'gpiomon';
  readonly #parts: GpiomonParts;
  readonly #tools: GpiodTools;
  readonly #folder: string;

  constructor(parts: GpiomonParts) {
    this.#parts = parts;
    this.#tools = new GpiodTools(parts.log, parts.path);
    this.#folder = parts.folder ?? '/dev';
  }

  async open(request: LineRequest, listener: LineListener): Promise<Line> {
    const attempt = await this.#find(request);
    return request.direction === 'in'
      ? this.#openInput(request, listener, attempt)
      : this.#openOutput(request, listener, attempt);
  }

  /** Whether this driver can work here, as far as that is known before a line is taken; rejects with a LineProblem. */
  async check(request: LineRequest): Promise<void> {
    await this.#find(request);
  }

  async close(): Promise<void> {}

  /** The chip is looked up anew each time: when it comes back after it was removed, its device may be another one. */
  async #find({ name, gpio }: LineRequest): Promise<Found> {
    const wanted = { name, gpio };
    // Versions first: libgpiod 1 has a gpiodetect too.
    await this.#trying(wanted, this.#tools.ready());
    const ran = await this.#tools.run('gpiodetect', []);
    const seen = seenChips(ran, this.#folder);
    if (!seen) throw cannotOpen(wanted, `gpiodetect ${ending(ran)}. Run it by hand to see what is wrong.`);
    return { ...wanted, chip: chooseChip(wanted, seen, this.#folder, this.#parts.chip) };
  }

  async #openInput(request: InputRequest, listener: LineListener, attempt: Found): Promise<Line> {
    const { clock, kernelNow: now = kernelNow } = this.#parts;
    const { chip, gpio } = attempt;
    const line = ['-C', CONSUMER, '-c', chip.device, ...BIAS[request.pull]];
    const ran = await this.#tools.run('gpioget', [...line, '-p', HOLD, '--numeric', String(gpio)]);
    const read = ran.output.trim();
    if (ran.code !== 0 || (read !== '0' && read !== '1')) throw await this.#explain('gpioget', ran, attempt);
    const period = kernelPeriod(request.debounce);
    const debounce = period === 0 ? [] : ['-p', `${period}ms`];
    const format = ['--banner', '-F', '%o %e %S', String(gpio)];
    const spawn = await this.#trying(attempt, this.#tools.held('gpiomon', [...line, ...debounce, ...format]));
    const level = read === '1' ? 1 : 0;
    const opened = new GpiomonLine({ request, listener, clock, attempt, kernelNow: now, level, spawn });
    const how = await opened.start();
    if (how) throw await this.#explain('gpiomon', how, attempt);
    return opened;
  }

  async #openOutput(request: OutputRequest, listener: LineListener, attempt: Found): Promise<Line> {
    const { clock } = this.#parts;
    const { chip, gpio } = attempt;
    const line = ['-C', CONSUMER, '-c', chip.device, '--banner'];
    const held = (level: Level) =>
      this.#trying(attempt, this.#tools.held('gpioset', [...line, `${gpio}=${level}`]));
    const explain = (how: Ended) => this.#explain('gpioset', how, attempt);
    const opened = new GpiosetLine({ listener, clock, attempt, held, explain });
    await opened.write(request.level);
    return opened;
  }

  /** What the tools say of themselves becomes a sentence about the pin. */
  async #trying<T>(attempt: GpiodAttempt, asked: Promise<T>): Promise<T> {
    try {
      return await asked;
    } catch (error) {
      throw cannotOpen(attempt, (error as Error).message);
    }
  }

  /** A line that is busy has a holder, and gpioinfo names it. */
  async #explain(tool: string, how: Ended, attempt: Found): Promise<LineProblem> {
    this.#tools.forget();
    const { chip, gpio } = attempt;
    const busy = how.errors.includes('busy');
    const info = busy ? await this.#tools.run('gpioinfo', ['-c', chip.device, String(gpio)]) : undefined;
    return explainEnd(tool, how, attempt, info && holderIn(info.output));
  }
}
