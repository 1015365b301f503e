import type { ChildProcess } from 'node:child_process';
import type { Clock } from '../clock.ts';
import { type InputRequest, type Level, type Line, type LineListener, LineProblem } from './driver.ts';
import { explainEnd, type GpiodAttempt, subject } from './gpiodProblems.ts';
import type { Ended } from './gpiodTools.ts';
import { HeldTool } from './heldTool.ts';
import { KernelStamps, kernelPeriod } from './kernelStamps.ts';

export interface GpiomonLineParts {
  readonly request: InputRequest;
  readonly listener: LineListener;
  readonly clock: Clock;
  readonly attempt: Required<GpiodAttempt>;
  readonly kernelNow: () => number;
  /** What gpioget read just before. */
  readonly level: Level;
  /** Starts its gpiomon. */
  readonly spawn: () => ChildProcess;
}

/** What an edge needs from the kernel's stamp to here, by way of the other process. */
const PIPE_MS = 15;

/** An input, heard by a gpiomon of its own. */
export class GpiomonLine implements Line {
  readonly lag: number;
  readonly #parts: GpiomonLineParts;
  readonly #tool: HeldTool;
  readonly #stamps: KernelStamps;
  readonly #countsLost: boolean;
  #level: Level;
  #problem: LineProblem | undefined;

  constructor(parts: GpiomonLineParts) {
    const { request, clock, kernelNow, spawn } = parts;
    this.#parts = parts;
    this.#level = parts.level;
    this.lag = kernelPeriod(request.debounce) + PIPE_MS;
    this.#stamps = new KernelStamps(clock, kernelNow, request.debounce);
    // A contact bounces faster than the kernel reads it, and where the kernel does not debounce that is no loss, but in a
    // line of which every edge counts.
    this.#countsLost = kernelPeriod(request.debounce) > 0 || request.debounce === 0;
    const hooks = { said: (text: string) => this.#hear(text), ended: (how: Ended) => this.#end(how) };
    this.#tool = new HeldTool(spawn, hooks, clock);
  }

  /** Resolves when edges are heard, or with how gpiomon ended instead. */
  start(): Promise<Ended | undefined> {
    return this.#tool.start();
  }

  read(): Level {
    if (this.#problem) throw this.#problem;
    return this.#level;
  }

  async write(): Promise<void> {
    throw new LineProblem(`${subject(this.#parts.attempt)} is an input.`);
  }

  async close(): Promise<void> {
    await this.#tool.stop();
  }

  /** `17 2 3.516707555`: the line, 1 for rising or 2 for falling, the kernel's stamp in seconds. */
  #hear(text: string): void {
    const [, edge, seconds] = /^\d+ ([12]) (\d+\.\d+)$/.exec(text) ?? [];
    if (seconds === undefined) {
      this.#misunderstand(text);
      return;
    }
    const level: Level = edge === '1' ? 1 : 0;
    // Edges alternate. The same one again, or the level that gpioget had read, means that the one between them was lost.
    if (level === this.#level && this.#countsLost) this.#parts.listener.missed(1);
    this.#level = level;
    this.#parts.listener.edge(level, this.#stamps.at(Number(seconds) * 1000));
  }

  #misunderstand(text: string): void {
    void this.#tool.stop();
    const it = subject(this.#parts.attempt);
    const said = text.slice(0, 100);
    this.#fail(
      new LineProblem(
        `${it} failed: gpiomon said "${said}" instead of an edge. Install gpiod as it comes with Debian, or set GPIO_DRIVER=onoff.`,
      ),
    );
  }

  #end(how: Ended): void {
    this.#fail(explainEnd('gpiomon', how, this.#parts.attempt));
  }

  #fail(problem: LineProblem): void {
    this.#problem = problem;
    this.#parts.listener.failed(problem);
  }
}
