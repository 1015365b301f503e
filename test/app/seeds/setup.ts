import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { EventSource } from 'eventsource';
import { startApp, type TestApp, type TestAppOptions } from '../../support/app.ts';
import { ready } from '../../support/ready.ts';
import { TestRedis } from '../../support/redis.ts';
import { type Answer, post, request } from '../../support/request.ts';
import { Stream } from '../../support/stream.ts';

/** An app for one test, with what is sent to it and who listens to it. */
export interface SeedApp extends TestApp {
  /** The id of the nth event. */
  id(n: number): string;
  stream(path: string, headers?: Record<string, string>): Promise<Stream>;
  /** Asks for a stream that is refused, in JSON, before it begins; answers what was said. */
  refused(path: string, status: number, headers?: Record<string, string>): Promise<object>;
  /** A browser's EventSource, of the independent library. Its listeners are called for these event names. */
  client(path: string, ...names: string[]): Promise<Client>;
  /** What `redis-cli publish` would say, through cyclone's form. */
  publish(channel: string, message: string): Promise<void>;
  /** Presses the mock's button. */
  press(milliseconds?: number): Promise<void>;
}

export interface SeedAppOnRedis extends SeedApp {
  readonly redis: TestRedis;
  /** `redis-cli publish`. */
  redisPublish(channel: string, payload: string): Promise<void>;
}

export async function appFor(
  t: TestContext,
  settings: Record<string, string> = {},
  options: TestAppOptions = {},
): Promise<SeedApp> {
  const app = await startApp(settings, options);
  await ready(app.url);
  const { epoch } = await app.store.bus.position();
  const open: { close(): void }[] = [];
  t.after(async () => {
    for (const one of open) one.close();
    await app.stop();
  });
  const stream = async (path: string, headers?: Record<string, string>) => {
    const opened = await Stream.open(app.url + path, headers);
    open.push(opened);
    return opened;
  };
  return {
    ...app,
    id: (n) => `${epoch}-${n}`,
    stream,
    async refused(path, status, headers) {
      const answer = await stream(path, headers);
      assert.equal(answer.status, status);
      assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8');
      await answer.ended();
      return JSON.parse(answer.text) as object;
    },
    async client(path, ...names) {
      const client = new Client(app.url + path, names);
      open.push(client);
      await client.opened;
      return client;
    },
    async publish(channel, message) {
      assert.equal((await publishForm(app.url, { channel, message })).status, 200);
    },
    async press(milliseconds = 50) {
      assert.equal((await post(`${app.url}/pins/button`, { press: milliseconds })).status, 200);
    },
  };
}

/** The same with a Redis of its own, whose raw publishes are kept. */
export async function appOnRedis(
  t: TestContext,
  settings: Record<string, string> = {},
  options: TestAppOptions = {},
): Promise<SeedAppOnRedis> {
  const redis = await TestRedis.start();
  try {
    const app = await appFor(t, { REDIS_URL: redis.url, ADOPT: '*', ...settings }, options);
    return {
      ...app,
      redis,
      async redisPublish(channel, payload) {
        await redis.command('PUBLISH', channel, payload);
      },
    };
  } finally {
    t.after(() => redis.stop());
  }
}

export function publishForm(
  url: string,
  fields: Record<string, string> | [string, string][],
  headers: Record<string, string> = {},
): Promise<Answer> {
  return request(`${url}/publish`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
    body: String(new URLSearchParams(fields)),
  });
}

export interface Heard {
  readonly name: string;
  readonly data: string;
  readonly id: string;
}

/** A test that waits for longer than this has failed. */
const PATIENCE_MS = 15_000;

/** One EventSource and what it has heard. */
export class Client {
  readonly heard: Heard[] = [];
  readonly opened: Promise<void>;
  readonly #source: EventSource;
  #wake = () => {};

  constructor(url: string, names: readonly string[]) {
    this.#source = new EventSource(url);
    this.opened = new Promise((open, fail) => {
      this.#source.onopen = () => open();
      this.#source.onerror = ({ message }) => fail(new Error(`${url}: ${message}`));
    });
    for (const name of names) {
      this.#source.addEventListener(name, ({ data, lastEventId }) => {
        this.heard.push({ name, data, id: lastEventId });
        this.#wake();
      });
    }
  }

  /** Waits until it has heard so many. */
  async until(count: number): Promise<void> {
    const late = AbortSignal.timeout(PATIENCE_MS);
    late.addEventListener('abort', () => this.#wake());
    while (this.heard.length < count) {
      if (late.aborted)
        throw new Error(`Heard only ${this.heard.length} of ${count}: ${JSON.stringify(this.heard)}`);
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
  }

  close(): void {
    this.#source.close();
  }
}
