import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { endsWithUs } from './children.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A test that waits for longer than this has failed. */
const PATIENCE_MS = 60_000;

/** A command as somebody types it in the project's folder, running until it ends or is stopped. */
export class Process {
  readonly #line: string;
  readonly #child: ChildProcess;
  readonly #changed = new Set<() => void>();
  #output = '';
  #errors = '';
  #over = false;

  constructor(line: string, env: Readonly<Record<string, string>> = {}) {
    this.#line = line;
    // A process group of its own, so that all that it has started can be stopped with it, as Ctrl-C does.
    this.#child = endsWithUs(
      spawn('sh', ['-c', line], {
        cwd: ROOT,
        env: { ...process.env, ...env },
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
      () => this.#signal('SIGKILL'),
    );
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#output += text;
      this.#wake();
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#errors += text;
      this.#wake();
    });
    this.#child.on('close', () => {
      this.#over = true;
      this.#wake();
    });
  }

  /** What it has printed. */
  get output(): string {
    return this.#output;
  }

  /** What it has printed as errors. */
  get errors(): string {
    return this.#errors;
  }

  /** Waits until it has printed a text, on either. Fails when it ends without, or says nothing. */
  async until(text: string): Promise<void> {
    const late = AbortSignal.timeout(PATIENCE_MS);
    late.addEventListener('abort', () => this.#wake());
    while (!this.#output.includes(text) && !this.#errors.includes(text)) {
      if (this.#over || late.aborted)
        throw new Error(
          `${this.#line}\n${this.#over ? 'ended' : 'went on'} without "${text}":\n${this.#output}${this.#errors}`,
        );
      await new Promise<void>((changed) => this.#changed.add(changed));
    }
  }

  /** Waits until it and all that it has started is over; answers its exit code, or null after a signal. */
  async ended(): Promise<number | null> {
    if (!this.#over) await once(this.#child, 'close');
    return this.#child.exitCode;
  }

  /** Ctrl-C. */
  async stop(): Promise<number | null> {
    if (!this.#over) this.#signal('SIGINT');
    return this.ended();
  }

  #signal(name: NodeJS.Signals): void {
    process.kill(-(this.#child.pid as number), name);
  }

  #wake(): void {
    const waiting = [...this.#changed];
    this.#changed.clear();
    for (const changed of waiting) changed();
  }
}

/** Runs a command to its end and answers what it printed. */
export async function run(line: string): Promise<string> {
  const command = new Process(line);
  const code = await command.ended();
  if (code !== 0) throw new Error(`${line}\nended with ${code}:\n${command.output}${command.errors}`);
  return command.output;
}
