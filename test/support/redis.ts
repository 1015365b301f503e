import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { Redis } from 'ioredis';
import { endsWithUs } from './children.ts';
import { freePort } from './freePort.ts';

/** A real redis-server of the test's own, on a free port, with its data in a temporary folder. */
export class TestRedis {
  readonly port: number;
  readonly url: string;
  readonly #folder: string;
  readonly #options: readonly string[];
  #server: ChildProcess | undefined;

  private constructor(port: number, folder: string, options: readonly string[]) {
    this.port = port;
    this.url = `redis://127.0.0.1:${port}`;
    this.#folder = folder;
    this.#options = options;
  }

  static async start({
    port,
    options = [],
  }: {
    port?: number;
    options?: readonly string[];
  } = {}): Promise<TestRedis> {
    const folder = await mkdtemp(join(tmpdir(), 'pinstream-redis-'));
    const redis = new TestRedis(port ?? (await freePort()), folder, options);
    await redis.up();
    return redis;
  }

  /** Starts the server, with the data that it had. */
  async up(): Promise<void> {
    const server = endsWithUs(
      spawn(
        'redis-server',
        [
          '--port',
          String(this.port),
          '--bind',
          '127.0.0.1',
          '--dir',
          this.#folder,
          '--save',
          '',
          ...this.#options,
        ],
        { stdio: ['ignore', 'pipe', 'pipe'] },
      ),
    );
    this.#server = server;
    let log = '';
    server.stderr?.setEncoding('utf8').on('data', (text: string) => {
      log += text;
    });
    server.stdout?.setEncoding('utf8');
    for await (const text of server.stdout ?? []) {
      log += text;
      if (log.includes('Ready to accept connections')) break;
    }
    if (server.exitCode !== null) throw new Error(`redis-server did not start:\n${log}`);
  }

  pause(): void {
    this.#server?.kill('SIGSTOP');
  }

  resume(): void {
    this.#server?.kill('SIGCONT');
  }

  /** Ends the server at once, as a crash does. */
  async kill(): Promise<void> {
    const server = this.#server;
    if (!server || server.exitCode !== null || server.signalCode !== null) return;
    server.kill('SIGKILL');
    await once(server, 'exit');
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#folder, { recursive: true, force: true });
  }

  /** A plain connection, as redis-cli has one. */
  client(): Redis {
    return new Redis(this.url, { lazyConnect: false });
  }

  async command(...words: [string, ...string[]]): Promise<unknown> {
    const redis = this.client();
    try {
      return await redis.call(...words);
    } finally {
      redis.disconnect();
    }
  }
}

/** One for all tests of a describe. */
export function useRedis(): () => TestRedis {
  let redis: TestRedis | undefined;
  before(async () => {
    redis = await TestRedis.start();
  });
  after(() => redis?.stop());
  return () => redis as TestRedis;
}
