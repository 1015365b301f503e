import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';

export interface PartOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** What it prints goes there. */
  readonly log: string;
  /** Resolves when it serves. */
  readonly ready: () => Promise<void>;
  /** What a clean end answers. */
  readonly exit?: readonly (number | null)[];
}

/** Longer than any part may take to end cleanly: the app's own deadline is 8 s. */
const PATIENCE_MS = 12_000;

/** One process of the whole, with all that it starts itself. */
export class Part {
  readonly name: string;
  readonly #options: PartOptions;
  readonly #problem: (sentence: string) => void;
  #child: ChildProcess | undefined;
  #ended: Promise<number | null> = Promise.resolve(null);
  #expected = true;

  constructor(options: PartOptions, problem: (sentence: string) => void) {
    this.name = options.name;
    this.#options = options;
    this.#problem = problem;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  start(): void {
    const { command, args, env, cwd, log } = this.#options;
    const out = openSync(log, 'a');
    // A group of its own: what it starts ends with it.
    const child = spawn(command, args, {
      cwd,
      env: { PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin`, ...env },
      detached: true,
      stdio: ['ignore', out, out],
    });
    closeSync(out);
    this.#child = child;
    this.#expected = false;
    this.#ended = new Promise((done) => {
      child.once('exit', (code, signal) => {
        if (!this.#expected) this.#problem(`${this.name} ended by itself (${code ?? signal}); see ${log}`);
        done(code);
      });
    });
  }

  /** Waits until it serves. */
  ready(): Promise<void> {
    return this.#options.ready();
  }

  signal(signal: NodeJS.Signals): void {
    if (this.#child?.pid === undefined || this.#child.exitCode !== null || this.#child.signalCode !== null)
      return;
    try {
      process.kill(-this.#child.pid, signal);
    } catch {
      // It has just ended.
    }
  }

  /** Ends it as a crash does. */
  async kill(): Promise<void> {
    this.#expected = true;
    this.signal('SIGKILL');
    await this.#ended;
  }

  /** Ends it as one asks for it, and says if it does not end cleanly. */
  async end(): Promise<void> {
    if (!this.#child || this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#expected = true;
    const { pid } = this.#child;
    // The process itself alone: what it has started is its own to end.
    if (pid !== undefined) process.kill(pid, 'SIGTERM');
    const late = setTimeout(() => {
      this.#problem(`${this.name} did not end within ${PATIENCE_MS / 1000} s of SIGTERM.`);
      this.signal('SIGKILL');
    }, PATIENCE_MS);
    const code = await this.#ended;
    clearTimeout(late);
    if (!(this.#options.exit ?? [0]).includes(code))
      this.#problem(`${this.name} ended with ${code} after SIGTERM; see ${this.#options.log}`);
  }
}
