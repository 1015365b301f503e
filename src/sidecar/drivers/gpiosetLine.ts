import type { ChildProcess } from 'node:child_process';
import type { Clock } from '../clock.ts';
import { type Level, type Line, type LineListener, LineProblem } from './driver.ts';
import { explainEnd, type GpiodAttempt, subject } from './gpiodProblems.ts';
import type { Ended } from './gpiodTools.ts';
import { HeldTool } from './heldTool.ts';

export interface GpiosetLineParts {
  readonly listener: LineListener;
  readonly clock: Clock;
  readonly attempt: Required<GpiodAttempt>;
  /** How to start the gpioset that holds the line at a level. */
  readonly held: (level: Level) => Promise<() => ChildProcess>;
  /** Why a tool ended, for somebody who waits for it. */
  readonly explain: (how: Ended) => Promise<LineProblem>;
}

/**
 * An output: a gpioset holds its level for as long as it lives, and nobody else can read the line meanwhile. Another level is
 * another gpioset, which finds the line free when the first one has ended.
 */
export class GpiosetLine implements Line {
  readonly #parts: GpiosetLineParts;
  #tool: HeldTool | undefined;
  #level: Level = 0;
  #problem: LineProblem | undefined;
  #closed = false;
  /** One change after the other, or two gpiosets would want the line. */
  #turn: Promise<void> = Promise.resolve();

  constructor(parts: GpiosetLineParts) {
    this.#parts = parts;
  }

  read(): Level {
    if (this.#problem) throw this.#problem;
    return this.#level;
  }

  write(level: Level): Promise<void> {
    const done = this.#turn.then(() => this.#change(level));
    this.#turn = done.catch(() => {});
    return done;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#turn;
    await this.#tool?.stop();
  }

  async #change(level: Level): Promise<void> {
    const { attempt, held, clock, explain } = this.#parts;
    if (this.#closed) throw new LineProblem(`${subject(attempt)} is closed.`);
    if (this.#problem) throw this.#problem;
    if (this.#tool && level === this.#level) return;
    const spawn = await held(level);
    await this.#tool?.stop();
    const tool = new HeldTool(spawn, { said: () => {}, ended: (how) => this.#end(how) }, clock);
    this.#tool = tool;
    const how = await tool.start();
    if (how) {
      this.#problem = await explain(how);
      throw this.#problem;
    }
    this.#level = level;
  }

  #end(how: Ended): void {
    this.#problem = explainEnd('gpioset', how, this.#parts.attempt);
    this.#parts.listener.failed(this.#problem);
  }
}
