import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { endsWithUs } from './children.ts';
import { freePort } from './freePort.ts';
import { eventually } from './ready.ts';
import { TestRedis } from './redis.ts';

/** A master, its replica, and a real Sentinel that watches them and is quick to decide. */
export class TestSentinel {
  readonly master: TestRedis;
  readonly replica: TestRedis;
  readonly port: number;
  readonly #folder: string;
  readonly #server: ChildProcess;
  readonly #client: Redis;

  private constructor(master: TestRedis, replica: TestRedis, port: number, folder: string) {
    this.master = master;
    this.replica = replica;
    this.port = port;
    this.#folder = folder;
    this.#server = endsWithUs(
      spawn('redis-server', [join(folder, 'sentinel.conf'), '--sentinel'], { stdio: 'ignore' }),
    );
    this.#client = new Redis(port, { retryStrategy: () => 50 });
    this.#client.on('error', () => undefined);
  }

  static async start(): Promise<TestSentinel> {
    const master = await TestRedis.start({ options: ['--repl-diskless-sync-delay', '0'] });
    const replica = await TestRedis.start({ options: ['--replicaof', '127.0.0.1', String(master.port)] });
    const port = await freePort();
    const folder = await mkdtemp(join(tmpdir(), 'pinstream-sentinel-'));
    const settings = [
      `port ${port}`,
      `dir ${folder}`,
      `sentinel monitor pin 127.0.0.1 ${master.port} 1`,
      'sentinel down-after-milliseconds pin 1000',
      'sentinel failover-timeout pin 5000',
    ];
    await writeFile(join(folder, 'sentinel.conf'), `${settings.join('\n')}\n`);
    const sentinel = new TestSentinel(master, replica, port, folder);
    await eventually('Sentinel knows the replica, which has all', async () => {
      const known = JSON.stringify(await sentinel.#client.call('SENTINEL', 'replicas', 'pin'));
      return known.includes('"master-link-status","ok"') && known.includes('"flags","slave"');
    });
    return sentinel;
  }

  /** As REDIS_SENTINELS says it. */
  get address(): string {
    return `pin@127.0.0.1:${this.port}`;
  }

  /** From here on the replica gets nothing of what the master keeps. */
  async detach(): Promise<void> {
    this.replica.pause();
    await this.master.command('CLIENT', 'KILL', 'TYPE', 'replica');
  }

  /** Waits until the replica has become the master. */
  async failedOver(): Promise<void> {
    await eventually('the replica is the master', async () => {
      const [, port] = (await this.#client.call('SENTINEL', 'get-master-addr-by-name', 'pin')) as string[];
      return Number(port) === this.replica.port;
    });
  }

  async stop(): Promise<void> {
    this.#client.disconnect();
    this.#server.kill('SIGKILL');
    await once(this.#server, 'exit');
    this.master.resume();
    await this.master.stop();
    await this.replica.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}
