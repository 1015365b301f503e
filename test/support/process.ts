import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A command as somebody types it in the project's folder, running until it ends or is stopped. */
export class Process {
  readonly #line: string;
  readonly #child: ChildProcess;
  readonly #changed = new Set<() => void>();
  #output = '';
  #over = false;

  constructor(line: string, env: Readonly<Record<string, string>> = {}) {
    this.#line = line;
    // A process group of its own, so that whatever it has started can be stopped with it, as Ctrl-C does.
    this.#child = spawn('sh', ['-c', line], {
      cwd: ROOT,
      env: { ...process.env, ...env },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.#output += text;
        this.#wake();
      });
    }
    this.#child.on('close', () => {
      this.#over = true;
      this.#wake();
    });
  }

  /** All that it has printed, errors too. */
  get output(): string {
    return this.#output;
  }

  /** Waits for a text, or for what `met` says of all that it has printed. Fails when it ends without. */
  async until(met: string | ((output: string) => boolean)): Promise<void> {
    const isMet = typeof met === 'string' ? (output: string) => output.includes(met) : met;
    while (!isMet(this.#output)) {
      if (this.#over) throw new Error(`${this.#line} ended without ${met}:\n${this.#output}`);
      await new Promise<void>((changed) => this.#changed.add(changed));
    }
  }

  /** Waits until it and all that it started has ended; answers its exit code, or null after a signal. */
  async ended(): Promise<number | null> {
    if (!this.#over) await once(this.#child, 'close');
    return this.#child.exitCode;
  }

  /** Ctrl-C. */
  async stop(): Promise<number | null> {
    if (!this.#over) process.kill(-(this.#child.pid as number), 'SIGINT');
    return this.ended();
  }

  #wake(): void {
    const waiting = [...this.#changed];
    this.#changed.clear();
    for (const changed of waiting) changed();
  }
}

/** Runs a command to its end and answers what it printed. */
export async function run(line: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
  const command = new Process(line, env);
  const code = await command.ended();
  if (code !== 0) throw new Error(`${line} ended with ${code}:\n${command.output}`);
  return command.output;
}
