import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A browser on a busy machine takes its time, a minute is too long. */
const PATIENCE_MS = 45_000;

/**
 * Holds a browser on a leash: when the pipe to this script closes, because the test lets go of it or because the test itself was
 * ended, be it by SIGKILL, then the browser ends with all processes that it has started, and its folder goes.
 * It is bash, since that gives a process that it starts a group of its own (`set -m`) also without a terminal.
 */
const LEASH = `set -m
folder=$1
signal=$2
shift 2
"$@" </dev/null &
exec >/dev/null 2>&1
read -r _
kill -s "$signal" -- -$!
wait
rm -rf -- "$folder" || { sleep 1; rm -rf -- "$folder"; }`;

interface Manner {
  readonly env?: Readonly<Record<string, string>>;
  /** How it is ended: at once, unless it has something to clear away. */
  readonly end?: 'TERM' | 'KILL';
}

/** A browser, or what one needs beside it, with a temporary folder of its own, which is its home too. */
export class EngineProcess {
  readonly #leash: ChildProcess;
  readonly #name: string;
  #output = '';
  #over = false;
  #changed: (() => void)[] = [];

  private constructor(folder: string, command: readonly string[], { env = {}, end = 'KILL' }: Manner) {
    this.#name = command[0] as string;
    // In a session of its own: Ctrl-C ends the test, and the leash then still does its work.
    this.#leash = spawn('bash', ['-c', LEASH, 'leash', folder, end, ...command], {
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, ...homeIn(folder), ...env },
    });
    this.#leash.on('error', (error) => this.#hear(String(error)));
    // The leash keeps neither of them: they end with the last process that could still say something.
    let open = 2;
    for (const pipe of [this.#leash.stdout, this.#leash.stderr]) {
      pipe?.setEncoding('utf8').on('data', (text: string) => this.#hear(text));
      pipe?.on('close', () => {
        open--;
        this.#over = open === 0;
        this.#hear('');
      });
    }
    this.#leash.stdin?.on('error', () => {}); // it ended before it was let go
  }

  /** The command is given the path of the folder. */
  static async start(
    command: (folder: string) => Promise<readonly string[]> | readonly string[],
    manner: Manner = {},
  ): Promise<EngineProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'pinstream-engine-'));
    return new EngineProcess(folder, await command(folder), manner);
  }

  /** What stands in the brackets of a pattern, as soon as it is printed. */
  async says(pattern: RegExp): Promise<string> {
    const late = AbortSignal.timeout(PATIENCE_MS);
    late.addEventListener('abort', () => this.#hear(''));
    for (;;) {
      const said = pattern.exec(this.#output)?.[1];
      if (said !== undefined) return said;
      if (this.#over || late.aborted) throw this.failure(`without saying ${pattern}`);
      await new Promise<void>((changed) => this.#changed.push(changed));
    }
  }

  get over(): boolean {
    return this.#over;
  }

  failure(what: string): Error {
    return new Error(`${this.#name} ${this.#over ? 'ended' : 'runs'} ${what}:\n${this.#output}`);
  }

  async stop(): Promise<void> {
    const { exitCode, signalCode } = this.#leash;
    if (exitCode !== null || signalCode !== null || this.#leash.pid === undefined) return;
    this.#leash.stdin?.end();
    await once(this.#leash, 'exit');
  }

  #hear(text: string): void {
    this.#output += text;
    for (const changed of this.#changed.splice(0)) changed();
  }
}

/** Where a browser would keep caches and settings of whoever runs the tests. */
function homeIn(folder: string): Record<string, string> {
  const names = ['HOME', 'XDG_CACHE_HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_RUNTIME_DIR', 'TMPDIR'];
  return Object.fromEntries(names.map((name) => [name, folder]));
}
