import { join } from 'node:path';
import type { Cancel, Clock } from '../clock.ts';
import { type Level, type Line, type LineListener, LineProblem, type LineRequest } from './driver.ts';
import { LostPairs } from './lostPairs.ts';
import { type Attempt, explain, subject } from './sysfsProblems.ts';

/** What is used of onoff's Gpio. */
export interface Gpio {
  readSync(): Level;
  writeSync(level: Level): void;
  watch(hear: (error: Error | null | undefined, level: Level) => void): void;
  unexport(): void;
}

export interface OnoffLineParts {
  readonly gpio: Gpio;
  readonly request: LineRequest;
  readonly listener: LineListener;
  readonly clock: Clock;
  readonly attempt: Attempt;
  /** For how many milliseconds the process stood still lately, at the longest. */
  readonly stoodStill: () => number;
}

/**
 * Nothing tells when a line is unexported behind us or when the kernel lost an edge: only looking does. A press whose release
 * was lost is too long by at most this, and so seldom a long press.
 */
export const CHECK_EVERY = 250;
/** An edge that was not lost is heard within this. Only then is a level that nobody told of the trace of a lost one. */
export const HEARD_WITHIN = 10;

/** A line that onoff has opened. */
export class OnoffLine implements Line {
  readonly #parts: OnoffLineParts;
  readonly #readSync: () => Level;
  readonly #file: string;
  readonly #pairs: LostPairs;
  /** The last level that was told or asked for. */
  #level: Level = 0;
  /** The last level that an edge told of. */
  #heard: Level | undefined;
  /** A look found another level than was told, and no edge was heard since. */
  #suspected = false;
  #cancelCheck: Cancel | undefined;
  #done = false;
  /** Why it is lost. */
  #problem: LineProblem | undefined;

  constructor(parts: OnoffLineParts) {
    this.#parts = parts;
    this.#readSync = parts.gpio.readSync.bind(parts.gpio);
    this.#file = join(parts.attempt.root, `gpio${parts.attempt.number}`, 'value');
    const { request, listener } = parts;
    const window = Math.max(HEARD_WITHIN, request.direction === 'in' ? request.debounce : 0);
    this.#pairs = new LostPairs({ ...parts, window, lost: () => listener.missed(2) });
  }

  /** Throws a LineProblem. */
  start(): void {
    this.#heard = this.read();
    if (this.#parts.request.direction === 'in') this.#watch();
    this.#checkLater();
  }

  /** Who asks knows the level from now on: an edge whose end was read so was lost within a train, and is no missed one. */
  read(): Level {
    this.#assertOpen();
    try {
      const level = this.#readSync();
      if (level !== this.#level) this.#suspected = false;
      this.#level = level;
      return level;
    } catch (error) {
      throw explain(error, this.#parts.attempt, this.#file);
    }
  }

  async write(level: Level): Promise<void> {
    this.#assertOpen();
    try {
      this.#parts.gpio.writeSync(level);
      this.#level = level;
    } catch (error) {
      throw explain(error, this.#parts.attempt, this.#file);
    }
  }

  async close(): Promise<void> {
    this.#release();
  }

  #watch(): void {
    const { gpio } = this.#parts;
    // onoff reads the level in its own handler, outside any try: an error there would end the process.
    gpio.readSync = () => this.#readOrFail() ?? this.#level;
    try {
      gpio.watch((_error, level) => this.#hear(level));
    } catch (error) {
      throw explain(error, this.#parts.attempt, this.#file);
    }
  }

  /**
   * The same level again means that two edges, or four, came as one. That is what contacts do when they bounce, all the time
   * and harmlessly: were each counted as missed, every press would be said to be damaged.
   */
  #hear(level: Level): void {
    if (this.#done) return;
    this.#suspected = false;
    // The level may have been read, and so be known, before its edge is heard.
    if (level === this.#level && level === this.#heard) this.#pairs.same();
    else this.#pairs.other();
    this.#tell(level, this.#parts.clock.now());
  }

  /** Finds an edge that was lost, and a line that is gone. */
  #checkLater(): void {
    this.#cancelCheck = this.#parts.clock.after(CHECK_EVERY, () => {
      const level = this.#readOrFail();
      if (level === undefined) return;
      this.#pairs.looked();
      if (level === this.#level) this.#checkLater();
      else this.#differs(level);
    });
  }

  #differs(level: Level): void {
    const { request, clock } = this.#parts;
    // Nobody reports edges of an output: none was lost, somebody else has set it.
    if (request.direction === 'out') {
      this.#tell(level, clock.now());
      if (!this.#done) this.#checkLater();
      return;
    }
    this.#suspected = true;
    // The edge may be on its way, and a bouncing contact settles: only what is still so, with nothing heard, was lost.
    const wait = Math.max(HEARD_WITHIN, request.debounce);
    this.#cancelCheck = clock.after(wait, () => this.#confirm(level));
  }

  #confirm(level: Level): void {
    const suspected = this.#suspected;
    this.#suspected = false;
    const now = this.#readOrFail();
    if (now === undefined) return;
    if (suspected && now === level) {
      this.#parts.listener.missed(1);
      // With the present time: what was said meanwhile, of a long press perhaps, would else have been said too late.
      this.#tell(level, this.#parts.clock.now());
    }
    if (!this.#done) this.#checkLater();
  }

  #tell(level: Level, at: number): void {
    if (this.#done) return;
    this.#level = level;
    this.#heard = level;
    this.#parts.listener.edge(level, at);
  }

  #readOrFail(): Level | undefined {
    try {
      return this.#readSync();
    } catch (error) {
      if (!this.#done) {
        // Released before anything else: the kernel would report the broken line again and again, in a loop without end.
        this.#release();
        const { attempt, listener } = this.#parts;
        this.#problem = explain(error, attempt, this.#file);
        listener.failed(this.#problem);
      }
      return undefined;
    }
  }

  /** The descriptor of a line that is closed may be another file's by now. */
  #assertOpen(): void {
    if (this.#done) throw this.#problem ?? new LineProblem(`${subject(this.#parts.attempt)} is closed.`);
  }

  #release(): void {
    if (this.#done) return;
    this.#done = true;
    this.#cancelCheck?.();
    this.#pairs.stop();
    try {
      this.#parts.gpio.unexport();
    } catch {
      // Letting go of a line that is gone fails, and that is no news.
    }
  }
}
