import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { settings } from '../../src/lib/settings.ts';
import { endsWithUs } from '../support/children.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface CommandOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** The standard input; none if left out. */
  readonly input?: string;
  /** More of it follows, by `write`. */
  readonly more?: boolean;
}

export interface Ended {
  readonly code: number | null;
  readonly output: string;
  readonly errors: string;
}

/** The command `pinstream` as a process of its own, with no settings but those that a test gives it. */
export class Command {
  output = '';
  errors = '';
  readonly #child: ChildProcess;
  readonly #ended: Promise<unknown>;
  #wake = () => {};

  constructor(args: readonly string[], { env = {}, input, more = false }: CommandOptions = {}) {
    this.#child = endsWithUs(
      spawn(process.execPath, ['--import', 'tsx', 'src/cli.ts', ...args], {
        cwd: ROOT,
        env: { ...withoutSettings(), ...env },
        stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      }),
    );
    if (input !== undefined) this.#child.stdin?.write(input);
    if (!more) this.#child.stdin?.end();
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
      this.#wake();
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text;
      this.#wake();
    });
    this.#ended = once(this.#child, 'close').then(() => this.#wake());
  }

  get over(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Waits until it has printed something that matches, on either, and answers the match. Fails when it ends without. */
  async until(said: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = said.exec(this.output) ?? said.exec(this.errors);
      if (found) return found;
      if (this.over) throw new Error(`It ended without ${said}:\n${this.output}${this.errors}`);
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
  }

  /** More of its standard input; without a text, its end. */
  write(text?: string): void {
    if (text === undefined) this.#child.stdin?.end();
    else this.#child.stdin?.write(text);
  }

  /** Sends it a signal. */
  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async ended(): Promise<Ended> {
    await this.#ended;
    return { code: this.#child.exitCode, output: this.output, errors: this.errors };
  }

  /** Ends it as Docker and systemd do. */
  async stop(): Promise<Ended> {
    this.signal('SIGTERM');
    return this.ended();
  }

  /** Lets go of its output, as `head` does when it has read enough. */
  stopReading(): void {
    this.#child.stdout?.destroy();
  }
}

/** Runs a command to its end. */
export function run(args: readonly string[], options?: CommandOptions): Promise<Ended> {
  return new Command(args, options).ended();
}

/** `pinstream start` or `serve` on a free port, with where it is. */
export async function startCommand(
  args: readonly string[],
  options?: CommandOptions,
): Promise<{ command: Command; url: string; port: number }> {
  const command = new Command([...args, '--port', '0'], options);
  const [, url = '', port] = await command.until(/(?:running|listens on).*(http:\/\/localhost:(\d+))/);
  return { command, url, port: Number(port) };
}

function withoutSettings(): NodeJS.ProcessEnv {
  const names = Object.keys(settings).flatMap((name) => [name, `${name}_FILE`]);
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !names.includes(name)));
}
