import type { OutputCommand, PinState } from '../contract/device.ts';
import type { Cancel, Clock } from './clock.ts';
import { type Level, LineProblem } from './drivers/driver.ts';
import type { OutputSpec } from './pins.ts';

export interface OutputHooks {
  readonly changed: () => void;
  /** The state of the whole pin: what a command is answered with. */
  readonly state: () => PinState;
  /** Something is wrong that nobody waits for an answer to. */
  readonly warn: (sentence: string) => void;
}

/** Sets the level and reads it back; rejects when the line turned out to be lost, and `closed` was called for it. */
type Write = (level: Level) => Promise<Level>;

/** What the output is to do. */
interface Doing {
  readonly level: Level;
  /** When the next level is due, on the clock's `now`; undefined: it stays. */
  readonly until?: number;
  /** How long each level lasts, and how many flashes are still to begin. */
  readonly blink?: { readonly ms: number; readonly left: number };
}

/**
 * An output: it holds a level, or has one for a while, or blinks. What it is to do outlives its line: a blink goes on when
 * the line is back, and a pulse has ended by then if its time is over. Levels are logical here: 1 is lit.
 *
 * All that writes goes one after another, commands and timers alike. Each command is answered with the state right after it.
 */
export class Output {
  readonly #spec: OutputSpec;
  readonly #clock: Clock;
  readonly #hooks: OutputHooks;
  #write: Write | undefined;
  /** What was read last, also from a line that is lost. */
  #level: Level | undefined;
  #doing: Doing;
  /** It was said already: said at each flash it would bury the log. */
  #disagreed = false;
  #cancel: Cancel | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor(spec: OutputSpec, clock: Clock, hooks: OutputHooks) {
    this.#spec = spec;
    this.#clock = clock;
    this.#hooks = hooks;
    this.#doing = { level: spec.initial };
  }

  /** What was read back; undefined without a line. A blink counts as 1: each flash would be an event otherwise. */
  get level(): Level | undefined {
    if (!this.#write) return undefined;
    return this.#doing.blink ? 1 : this.#level;
  }

  /** How long each flash lasts, while it blinks. */
  get blink(): number | undefined {
    return this.#write ? this.#doing.blink?.ms : undefined;
  }

  /** The level that a line has to be opened with. */
  get wanted(): Level {
    const { level, until, blink } = this.#doing;
    return until !== undefined && !blink && this.#clock.now() >= until ? 0 : level;
  }

  opened(level: Level, write: Write): void {
    this.#write = write;
    this.#level = level;
    const { blink } = this.#doing;
    // A pulse whose time ran out meanwhile is off in a moment.
    if (this.wanted === this.#doing.level) this.#compare(this.wanted, level);
    if (blink) this.#doing = { ...this.#doing, until: this.#clock.now() + blink.ms };
    this.#goOn();
  }

  /** Something moved the line. */
  edge(level: Level): void {
    if (level === this.#level) return;
    this.#level = level;
    if (this.blink === undefined) this.#hooks.changed();
  }

  /** The line is lost, and what is due waits for the next one. */
  closed(): void {
    this.#write = undefined;
    this.#cancel?.();
  }

  /** Does what a command says, instead of what it did. A command that is refused has changed nothing. */
  obey(command: OutputCommand): Promise<PinState> {
    return this.#inTurn(async () => {
      const write = this.#write;
      if (!write) throw new LineProblem(this.#whyNot);
      const level = 'value' in command ? command.value : 1;
      const read = await write(level);
      if (read !== level) {
        // Left as it is, the pin would go on pushing against whatever holds the line.
        this.#level = await write(this.wanted);
        this.#hooks.changed();
        throw new LineProblem(this.#disagreement(level, read));
      }
      this.#disagreed = false;
      this.#do(this.#doingOf(command), read);
      this.#hooks.changed();
      return this.#hooks.state();
    });
  }

  /** The last thing that it does: the safe level, whatever was under way or waits. On a new line, if there is none that works. */
  end(anew: Write): Promise<void> {
    const write = this.#write;
    const { safe } = this.#spec;
    this.closed();
    return this.#inTurn(async () => {
      const read = await write?.(safe).catch(() => undefined);
      const last = read ?? (await anew(safe).catch((error) => this.#never(safe, error)));
      if (last !== safe) throw new LineProblem(this.#disagreement(safe, last));
    });
  }

  /** An output that never worked was not set by us, and why it does not work has been said. */
  #never(safe: Level, error: unknown): Level {
    if (this.#level === undefined) return safe;
    throw error;
  }

  #doingOf(command: OutputCommand): Doing {
    const now = this.#clock.now();
    if ('value' in command) return { level: command.value };
    if ('pulse' in command) return { level: 1, until: now + command.pulse };
    const { blink: ms, times = Number.POSITIVE_INFINITY } = command;
    return { level: 1, until: now + ms, blink: { ms, left: times - 1 } };
  }

  #do(doing: Doing, read: Level): void {
    this.#doing = doing;
    this.#level = read;
    this.#goOn();
  }

  #goOn(): void {
    this.#cancel?.();
    const doing = this.#doing;
    if (doing.until === undefined) return;
    const ms = Math.max(0, doing.until - this.#clock.now());
    this.#cancel = this.#clock.after(ms, () => void this.#inTurn(() => this.#turn(doing)));
  }

  /** The time of a level is over. If the line is lost in doing so it is still to be done, on the next one. */
  async #turn(doing: Doing): Promise<void> {
    const write = this.#write;
    if (doing !== this.#doing || !write) return;
    const read = await write(doing.level === 1 ? 0 : 1).catch(() => undefined);
    if (read === undefined) return;
    // Counted from here, a driver that takes long does not have the next one due already.
    const next = after(doing, this.#clock.now());
    this.#compare(next.level, read);
    this.#do(next, read);
    if (!next.blink) this.#hooks.changed();
  }

  /** Nobody waits for this level: that it is another one has to be said in the log. */
  #compare(level: Level, read: Level): void {
    if (read === level || this.#disagreed) return;
    this.#disagreed = true;
    this.#hooks.warn(this.#disagreement(level, read));
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => undefined);
    return done;
  }

  get #whyNot(): string {
    return this.#hooks.state().problem ?? 'The pin is not open.';
  }

  #disagreement(level: Level, read: Level): string {
    const { name, gpio } = this.#spec;
    return `${name} (GPIO ${gpio}) was set to ${level} and reads ${read}: something else drives the line, so check the wiring.`;
  }
}

/** What follows when the time of a level is over. The end of a blink is the end of its last flash. */
function after({ level, blink }: Doing, now: number): Doing {
  if (!blink || (level === 1 && blink.left === 0)) return { level: 0 };
  const until = now + blink.ms;
  if (level === 1) return { level: 0, until, blink };
  return { level: 1, until, blink: { ...blink, left: blink.left - 1 } };
}
