import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createStore, type Store } from '../../src/bus/store.ts';
import { formatCursor } from '../../src/contract/cursor.ts';
import { silentLog } from '../../src/lib/log.ts';
import { readSettings } from '../../src/lib/settings.ts';
import { endsWithUs } from '../support/children.ts';
import { freePort } from '../support/freePort.ts';
import { eventually, ready } from '../support/ready.ts';
import { TestRedis } from '../support/redis.ts';
import { request } from '../support/request.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Long enough that an event is as large as people's are. */
const PADDING = 'x'.repeat(80);

/** The app as a process of its own, as it runs for users, with a Redis of its own; and who publishes there. */
export class Target {
  readonly port: number;
  readonly #app: ChildProcess;
  readonly #redis: TestRedis;
  readonly #store: Store;
  #publishing: NodeJS.Timeout | undefined;
  #published = Promise.resolve();
  /** The newest sequence that was published. */
  sequence = 0;
  /** Where a reader is that has heard all that was kept. */
  newest: { readonly cursor?: string; readonly after: number } = { after: 0 };

  private constructor(port: number, app: ChildProcess, redis: TestRedis, store: Store) {
    this.port = port;
    this.#app = app;
    this.#redis = redis;
    this.#store = store;
  }

  static async start(settings: Record<string, string> = {}, node: readonly string[] = []): Promise<Target> {
    const redis = await TestRedis.start();
    const port = await freePort();
    const env = {
      PORT: String(port),
      REDIS_URL: redis.url,
      PUBLISH_OPEN: '1',
      LOG_LEVEL: 'error',
      MAX_STREAMS_PER_ADDRESS: '20000',
      ...settings,
    };
    const app = endsWithUs(
      spawn(process.execPath, [...node, 'dist/cli.js', 'serve'], {
        cwd: ROOT,
        env: { ...process.env, ...env },
        stdio: ['ignore', 'ignore', 'pipe'],
      }),
    );
    await listens(port);
    await ready(`http://127.0.0.1:${port}`);
    const store = createStore(readSettings({ REDIS_URL: redis.url }).settings, silentLog);
    const target = new Target(port, app, redis, store);
    await new Promise<void>((there) => {
      void store.bus.start({ open: () => there(), event() {}, advance() {}, gap() {} });
    });
    return target;
  }

  get pid(): number {
    return this.#app.pid as number;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** The cursor of the newest event. */
  async cursor(): Promise<string> {
    const { epoch, n } = await this.#store.bus.position();
    return formatCursor(epoch, n);
  }

  async publish(channel: string): Promise<void> {
    const sequence = ++this.sequence;
    const at = Date.now();
    const event = { channel, name: 'message', data: `${sequence} ${at} ${PADDING}`, at };
    const { epoch, n } = await this.#store.bus.append(event);
    this.newest = { cursor: formatCursor(epoch, n), after: sequence };
  }

  /** Publishes again and again, until the answer is called or the target stops. */
  publishEvery(milliseconds: number, channel: string): () => void {
    this.#publishing = setInterval(() => {
      this.#published = this.publish(channel);
    }, milliseconds);
    return () => clearInterval(this.#publishing);
  }

  /** For readers that nobody counts for. */
  async publishLarge(channel: string): Promise<void> {
    await this.#store.bus.append({ channel, name: 'message', data: 'x'.repeat(60_000), at: 0 });
  }

  /** A figure of /metrics; `name` as it stands there, with its labels. */
  async metric(name: string): Promise<number> {
    const { text } = await request(`${this.url}/metrics`);
    const line = text.split('\n').find((one) => one.startsWith(`${name} `));
    return Number(line?.slice(name.length + 1) ?? Number.NaN);
  }

  /** Bytes in memory at most so far (VmHWM), or now (VmRSS). */
  resident(which: 'VmHWM' | 'VmRSS'): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    return Number(new RegExp(`^${which}:\\s*(\\d+) kB`, 'm').exec(status)?.[1]) * 1024;
  }

  /** Bytes that are resident when all garbage is collected; the app has to be started with collect.mjs. */
  async kept(): Promise<number> {
    const collected = once(this.#app.stderr as NodeJS.ReadableStream, 'data');
    this.#app.kill('SIGUSR2');
    await collected;
    return this.resident('VmRSS');
  }

  async stop(): Promise<void> {
    clearInterval(this.#publishing);
    await this.#published; // before that to which it goes is gone
    await this.#store.bus.close();
    this.#app.kill();
    if (this.#app.exitCode === null) await once(this.#app, 'exit');
    await this.#redis.stop();
  }
}

/** Fails where a process may not have so many files open. Node has raised its own limit as far as it may. */
export function needFiles(count: number): void {
  const [, most = ''] = /^Max open files +(\S+)/m.exec(readFileSync('/proc/self/limits', 'utf8')) ?? [];
  if (most === 'unlimited' || Number(most) >= count) return;
  throw new Error(
    `This needs ${count} open files, and ${most} are allowed: run it after "ulimit -n ${count}".`,
  );
}

/** Resolves when somebody listens there. */
async function listens(port: number): Promise<void> {
  await eventually(`something listens on ${port}`, async () => {
    const socket = connect(port, '127.0.0.1');
    try {
      await once(socket, 'connect');
      return true;
    } catch {
      return false;
    } finally {
      socket.destroy();
    }
  });
}
