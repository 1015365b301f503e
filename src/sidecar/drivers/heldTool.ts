import type { ChildProcess } from 'node:child_process';
import type { Clock } from '../clock.ts';
import { type Ended, MOST_TEXT, whenOver } from './gpiodTools.ts';

export interface HeldHooks {
  /** A line of its output, after the banner. */
  readonly said: (line: string) => void;
  /** It ended although nobody stopped it. */
  readonly ended: (how: Ended) => void;
}

/** A tool that has no banner by then hangs. */
export const BANNER_WAIT = 10_000;

/**
 * A gpiomon or gpioset, which holds a line for as long as it runs. It says a banner when it has the line; what comes after that
 * is told, but not before whoever waits for the banner has gone on, and not after `stop`.
 */
export class HeldTool {
  readonly #spawn: () => ChildProcess;
  readonly #hooks: HeldHooks;
  readonly #clock: Clock;
  #child: ChildProcess | undefined;
  #over: Promise<void> = Promise.resolve();
  #stopped = false;
  #errors = '';
  /** The beginning of a line of which the rest is to come. */
  #part = '';
  #begin: (() => void) | undefined;
  /** What waits to be told. */
  #waiting: (() => void)[] | undefined = [];

  constructor(spawn: () => ChildProcess, hooks: HeldHooks, clock: Clock) {
    this.#spawn = spawn;
    this.#hooks = hooks;
    this.#clock = clock;
  }

  /** Resolves at the banner, or with how it ended without one. */
  start(): Promise<Ended | undefined> {
    return new Promise((resolve) => {
      const child = this.#spawn();
      this.#child = child;
      const cancel = this.#clock.after(BANNER_WAIT, () => {
        this.#errors = `it did not begin within ${BANNER_WAIT / 1000} s`;
        child.kill('SIGKILL');
      });
      this.#begin = () => {
        this.#begin = undefined;
        cancel();
        resolve(undefined);
        setImmediate(() => this.#tellWaiting());
      };
      // Where no process can be started for want of descriptors, there are no streams either.
      child.stdout?.setEncoding('utf8').on('data', (text: string) => this.#hear(text));
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        this.#errors = `${this.#errors}${text}`.slice(0, MOST_TEXT);
      });
      this.#over = new Promise((over) => {
        whenOver(child, (end) => {
          const how = { errors: this.#errors, ...end };
          cancel();
          if (this.#begin) resolve(how);
          else this.#tell(() => this.#hooks.ended(how));
          over();
        });
      });
    });
  }

  /** Resolves when it has ended, and the kernel has the line back. It has nothing to tidy up, so it is killed at once. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#child?.kill('SIGKILL');
    await this.#over;
  }

  #hear(text: string): void {
    const lines = `${this.#part}${text}`.split('\n');
    this.#part = (lines.pop() ?? '').slice(0, MOST_TEXT);
    for (const line of lines) {
      if (this.#begin) this.#begin();
      else this.#tell(() => this.#hooks.said(line));
    }
  }

  #tell(news: () => void): void {
    if (this.#waiting) this.#waiting.push(news);
    else if (!this.#stopped) news();
  }

  #tellWaiting(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const news of waiting) this.#tell(news);
  }
}
