import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { endsWithUs } from '../test/support/children.ts';
import { PATH } from './machine.ts';

export interface Start {
  readonly command: string;
  readonly args: readonly string[];
  /** All of its environment besides PATH: nothing of ours shall change how it runs. */
  readonly env?: Readonly<Record<string, string>>;
  /** The only core that it runs on. */
  readonly core?: number | undefined;
  /** What it writes to its standard output is nobody's: nginx opens that by its name, which no pipe of ours has. */
  readonly mute?: boolean;
  /** nginx wants to be asked: killed, it would leave its workers behind. */
  readonly ends?: 'SIGKILL' | 'SIGTERM';
}

/** Who says nothing for so long never will. */
const PATIENCE_MS = 60_000;
const KEPT = 100_000;

/** A process that the bench has started, and ends. */
export class Program {
  readonly #name: string;
  readonly #child: ChildProcess;
  readonly #ends: 'SIGKILL' | 'SIGTERM';
  readonly #waiting = new Set<() => void>();
  #said = '';
  #over = false;

  constructor({ command, args, env = {}, core, mute = false, ends = 'SIGKILL' }: Start) {
    const [program, words] =
      core === undefined ? [command, args] : ['taskset', ['-c', String(core), command, ...args]];
    this.#name = command;
    this.#ends = ends;
    this.#child = endsWithUs(
      spawn(program, words, { env: { PATH, ...env }, stdio: ['pipe', mute ? 'ignore' : 'pipe', 'pipe'] }),
      () => this.#child.kill(ends),
    );
    this.#child.on('error', (error) => this.#hear(error.message));
    this.#child.stdin?.on('error', () => undefined); // it has ended: whoever waits is told so
    for (const output of [this.#child.stdout, this.#child.stderr])
      output?.setEncoding('utf8').on('data', (text: string) => this.#hear(text));
    this.#child.on('close', () => {
      this.#over = true;
      this.#wake();
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  get over(): boolean {
    return this.#over;
  }

  /** What it has printed, on either output; the newest of it. */
  get said(): string {
    return this.#said;
  }

  /** Resolves when it has printed a text once more than `before`. */
  async says(text: string, before = 0): Promise<void> {
    const late = AbortSignal.timeout(PATIENCE_MS);
    late.addEventListener('abort', () => this.#wake());
    while (this.times(text) <= before) {
      if (this.#over || late.aborted) throw this.failure(`did not say "${text}"`);
      await new Promise<void>((changed) => this.#waiting.add(changed));
    }
  }

  /** How often it has printed a text. */
  times(text: string): number {
    return this.#said.split(text).length - 1;
  }

  failure(what: string): Error {
    const end = this.#said.trim().split('\n').slice(-3).join(' · ');
    return new Error(
      `${this.#name} ${this.#over ? 'ended: it ' : ''}${what}${end === '' ? '' : ` (${end})`}.`,
    );
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  writeLine(text: string): void {
    this.#child.stdin?.write(`${text}\n`);
  }

  async ended(): Promise<number | null> {
    if (!this.#over) await once(this.#child, 'close');
    return this.#child.exitCode;
  }

  async stop(): Promise<void> {
    if (!this.#over) this.#child.kill(this.#ends);
    await this.ended();
  }

  #hear(text: string): void {
    this.#said = (this.#said + text).slice(-KEPT);
    this.#wake();
  }

  #wake(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const changed of waiting) changed();
  }
}
