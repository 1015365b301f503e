import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';

const CLI = '/t/dist/cli.js';
export const REDIS_PORT = 6379;
export const APP_PORT = 8080;

/** A program in the machine, and what it has said. */
export class Program {
  readonly #child: ChildProcess;
  readonly #heard = new Set<() => void>();
  #log = '';
  #over = false;

  constructor(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => this.#hear(text));
    }
    this.#child.on('close', () => {
      this.#over = true;
      this.#hear('');
    });
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  /** All that it has printed. */
  get log(): string {
    return this.#log;
  }

  get running(): boolean {
    return !this.#over;
  }

  /** Waits until it has printed a text. */
  async says(text: string): Promise<void> {
    while (!this.#log.includes(text)) {
      if (this.#over) throw new Error(`It ended without "${text}":\n${this.#log}`);
      await new Promise<void>((heard) => this.#heard.add(heard));
    }
  }

  /** Sends a signal and waits for the end; answers the exit status, or null after a deadly signal. */
  async end(signal: NodeJS.Signals): Promise<number | null> {
    if (!this.#over) {
      const over = once(this.#child, 'close');
      this.#child.kill(signal);
      await over;
    }
    return this.#child.exitCode;
  }

  #hear(text: string): void {
    this.#log += text;
    const waiting = [...this.#heard];
    this.#heard.clear();
    for (const heard of waiting) heard();
  }
}

/** Keeps what it was told on disk, as the bundle's does: after a kill it is all there. */
export async function startRedis(): Promise<Program> {
  const options = ['--save', '', '--appendonly', 'yes', '--dir', '/tmp'];
  const redis = new Program('redis-server', [
    '--port',
    String(REDIS_PORT),
    '--bind',
    '127.0.0.1',
    ...options,
  ]);
  await redis.says('Ready to accept connections');
  return redis;
}

const SHARED = { REDIS_URL: `redis://127.0.0.1:${REDIS_PORT}`, LOG_LENGTH: '50000' };

export async function startApp(): Promise<Program> {
  const app = new Program('node', [CLI, 'serve'], { ...SHARED, PORT: String(APP_PORT), PUBLISH_OPEN: '1' });
  await app.says('is there');
  return app;
}

/** The sidecar, as root. */
export function startSidecar(env: Readonly<Record<string, string>>): Program {
  return new Program('node', [CLI, 'sidecar'], { ...SHARED, ...env });
}

/** The sidecar, as root, among mounts of its own that a line of the shell has made. */
export function startAmong(mounts: string, env: Readonly<Record<string, string>>): Program {
  return new Program('unshare', ['-m', 'sh', '-c', `${mounts} && exec node ${CLI} sidecar`], {
    ...SHARED,
    ...env,
  });
}

/** The sidecar as a user without privileges, who sees mounts of its own: what `inside` mounts, nobody else sees. */
export function startAsNobody(env: Readonly<Record<string, string>>): Program {
  const user = ['su', 'nobody', '-s', '/bin/sh', '-c', `exec node ${CLI} sidecar`];
  return new Program('unshare', ['-m', ...user], { ...SHARED, ...env });
}

/** Runs a shell's line as root among the mounts that a program sees. */
export function inside(program: Program, line: string): void {
  execFileSync('nsenter', ['-t', String(program.pid), '-m', 'sh', '-c', line], { stdio: 'inherit' });
}
