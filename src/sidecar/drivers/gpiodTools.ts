import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import type { Log } from '../../lib/log.ts';
import { version } from './gpiodVersion.ts';

export interface Ended {
  /** undefined: a signal ended it, or it could not be started. */
  readonly code: number | undefined;
  readonly signal: string | undefined;
  /** What it said on stderr, or why it could not be started. */
  readonly errors: string;
  /** There is no such program. */
  readonly missing?: boolean;
}

export interface Ran extends Ended {
  readonly output: string;
}

/** How long a tool that only asks may take. */
const PATIENCE = 10_000;
/** Of what a tool says. More than that is no answer to anything. */
export const MOST_TEXT = 64 * 1024;

/**
 * Ends a tool with the process that started it, however that ends. A sidecar that was killed cannot end its gpiomon, and that
 * would hold the line, so that the next sidecar finds it busy.
 */
const LEASH = ['setpriv', '--pdeathsig', 'KILL'];

/** The programs of libgpiod: found in PATH, run without a shell, and only from version 2 on. They speak English always. */
export class GpiodTools {
  readonly #path: string | undefined;
  readonly #log: Log;
  #known: Promise<readonly string[]> | undefined;
  #warned = false;

  /** `path`: where to look instead of PATH. */
  constructor(log: Log, path?: string) {
    this.#log = log;
    this.#path = path;
  }

  /**
   * Resolves when the tools can be used, rejects with the reason why not. Asked until the answer is good: somebody may install
   * what is missing.
   */
  async ready(): Promise<void> {
    await this.#ready();
  }

  /** How to start a tool that runs for as long as we do. */
  async held(tool: string, args: readonly string[]): Promise<() => ChildProcess> {
    const leash = await this.#ready();
    // A session of its own: Ctrl-C is for us, and outputs need their gpioset until they are set to their safe level.
    return () => this.#spawn([...leash, tool, ...args], { detached: true });
  }

  /** Something went wrong: perhaps the tools are other ones than they were. */
  forget(): void {
    this.#known = undefined;
  }

  /** Runs a tool to its end. */
  run(tool: string, args: readonly string[]): Promise<Ran> {
    return this.#run([tool, ...args]);
  }

  #ready(): Promise<readonly string[]> {
    this.#known ??= this.#ask().catch((error) => {
      this.#known = undefined;
      throw error;
    });
    return this.#known;
  }

  async #ask(): Promise<readonly string[]> {
    const leashed = await this.#run([...LEASH, 'gpiomon', '--version']);
    if (leashed.code === 0) {
      version(leashed);
      return LEASH;
    }
    version(await this.run('gpiomon', ['--version']));
    if (!this.#warned) {
      this.#log.warn(
        { reason: leashed.errors.trim() },
        'setpriv of util-linux does not work here: should the sidecar be killed, its gpiomon and gpioset may stay behind and keep the pins busy. Install util-linux.',
      );
    }
    this.#warned = true;
    return [];
  }

  #run(command: readonly string[]): Promise<Ran> {
    return new Promise((resolve) => {
      let output = '';
      let errors = '';
      const child = this.#spawn(command, { timeout: PATIENCE, killSignal: 'SIGKILL' });
      // Where no process can be started for want of descriptors, there are no streams either.
      child.stdout?.setEncoding('utf8').on('data', (text: string) => {
        output = `${output}${text}`.slice(0, MOST_TEXT);
      });
      child.stderr?.setEncoding('utf8').on('data', (text: string) => {
        errors = `${errors}${text}`.slice(0, MOST_TEXT);
      });
      whenOver(child, (how) => resolve({ errors, ...how, output }));
    });
  }

  #spawn([file = '', ...args]: readonly string[], options: SpawnOptions): ChildProcess {
    const env = this.#path === undefined ? {} : { env: { PATH: this.#path } };
    return spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options, ...env });
  }
}

/** Tells once how a process ended, when all that it said has been read, or why it could not begin. */
export function whenOver(
  child: ChildProcess,
  over: (how: Omit<Ended, 'errors'> & { errors?: string }) => void,
): void {
  const unknown = { code: undefined, signal: undefined };
  child.on('error', (error: NodeJS.ErrnoException) => {
    // Also said when one that runs cannot be signalled.
    if (child.pid === undefined)
      over({ ...unknown, errors: error.message, missing: ['ENOENT', 'EACCES'].includes(error.code ?? '') });
  });
  child.on('close', (code, signal) => {
    if (child.pid !== undefined) over({ code: code ?? undefined, signal: signal ?? undefined });
  });
}
