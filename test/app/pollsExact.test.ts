import assert from 'node:assert/strict';
import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { after, before, describe, type TestContext, test } from 'node:test';
import type { RedisBus } from '../../src/bus/redisBus.ts';
import { isPattern, matches } from '../../src/contract/channel.ts';
import { parseCursor } from '../../src/contract/cursor.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { eventually, ready } from '../support/ready.ts';
import { TestRedis, useRedis } from '../support/redis.ts';
import { request } from '../support/request.ts';

interface Log {
  readonly cursor: string;
  readonly events: { id: string; channel: string; data: string }[];
  readonly gap: { channel?: string; until?: string; reason?: string }[] | null;
}

interface Kept {
  readonly n: number;
  readonly channel: string;
}

const POLLING = { 'X-Requested-With': 'XMLHttpRequest' };
const CHANNELS = ['a', 'b', 'room-1', 'room-2', 'other'];
const WISHES = [['a'], ['a', 'b'], ['room-*'], ['a', 'room-*'], ['*'], ['room-1', 'room-*', 'b']];
const EVENTS = 200;

function numberIn(cursor: string): number {
  return parseCursor(cursor)?.n ?? Number.NaN;
}

function any<T>(all: readonly T[]): T {
  return all[Math.floor(Math.random() * all.length)] as T;
}

/** A client that can only poll, each time at another app. */
class Poller {
  readonly heard: number[] = [];
  readonly gaps = new Map<string, number>();
  readonly from: number;
  readonly channels: readonly string[];
  readonly #urls: readonly string[];
  readonly #limit: number;
  readonly #cyclone: boolean;
  #cursor: string;

  constructor(urls: readonly string[], cursor: string, cyclone: boolean) {
    this.#urls = urls;
    this.#cursor = cursor;
    this.from = numberIn(cursor);
    this.#cyclone = cyclone;
    this.channels = any(WISHES);
    this.#limit = any([1, 3, 100]);
  }

  get at(): number {
    return numberIn(this.#cursor);
  }

  means(channel: string): boolean {
    return this.channels.some((name) => (isPattern(name) ? matches(name, channel) : name === channel));
  }

  /** Goes on until it is told that it has come so far. */
  async run(goal: () => number): Promise<void> {
    while (this.at < goal()) {
      if (this.#cyclone) await this.#pollCyclone();
      else await this.#pollEvents();
      if (Math.random() < 0.2) await new Promise((done) => setTimeout(done, Math.random() * 20));
    }
  }

  async #pollEvents(): Promise<void> {
    const query = `channels=${this.channels.join(',')}&since=${this.#cursor}&limit=${this.#limit}&wait=1`;
    const { status, text } = await request(`${any(this.#urls)}/events?${query}`);
    assert.equal(status, 200, text);
    const { cursor, events, gap } = JSON.parse(text) as Log;
    assert.ok(events.length <= this.#limit);
    for (const { channel = '', until = '' } of gap ?? []) this.gaps.set(channel, numberIn(until));
    this.heard.push(...events.map(({ id }) => numberIn(id)));
    assert.ok(numberIn(cursor) >= this.at, `from ${this.#cursor} back to ${cursor}`);
    this.#cursor = cursor;
  }

  async #pollCyclone(): Promise<void> {
    const headers = { ...POLLING, 'Last-Event-ID': this.#cursor };
    const url = `${any(this.#urls)}/sse/?channels=${this.channels.join(',')}`;
    const { text } = await request(url, { headers });
    const [, id = '', what = ''] = /^id: (\S+)\n(\n: sse ping|data: .*)\n\n$/.exec(text) ?? [];
    assert.notEqual(id, '', text);
    if (what.startsWith('data')) this.heard.push(numberIn(id));
    assert.ok(numberIn(id) >= this.at, `from ${this.#cursor} back to ${id}`);
    this.#cursor = id;
  }
}

/** Publishes as fast as it goes, in bursts, while many poll, some from the beginning, some from where they are. */
async function load(apps: readonly TestApp[], gapsExpected: boolean): Promise<void> {
  const [{ store }] = apps as [TestApp];
  const urls = apps.map(({ url }) => url);
  const { epoch } = await store.bus.position();
  const kept: Kept[] = [];
  let top = Number.POSITIVE_INFINITY;
  const pollers: Poller[] = [];
  const running: Promise<void>[] = [];
  for (let i = 0; i < EVENTS; ) {
    const burst = Math.min(EVENTS - i, any([1, 2, 10, 40]));
    const events = Array.from({ length: burst }, () => ({ channel: any(CHANNELS), data: String(i++) }));
    const appended = await Promise.all(
      events.map(({ channel, data }) =>
        any(apps).store.bus.append({ channel, name: 'message', data, at: 0 }),
      ),
    );
    kept.push(...appended.map(({ n }, at) => ({ n, channel: events[at]?.channel ?? '' })));
    if (pollers.length < 16) {
      const from = Math.random() < 0.5 ? 0 : Math.floor(Math.random() * i);
      // Only one form has words for a gap.
      const poller = new Poller(urls, `${epoch}-${from}`, !gapsExpected && pollers.length % 2 === 1);
      pollers.push(poller);
      running.push(poller.run(() => top));
    }
    if (Math.random() < 0.3) await new Promise((done) => setTimeout(done, Math.random() * 30));
  }
  ({ n: top } = await store.bus.position());
  await Promise.all(running);
  kept.sort((a, b) => a.n - b.n);
  let lost = 0;
  for (const poller of pollers) {
    const { heard, from, gaps } = poller;
    const meant = kept.filter(({ n, channel }) => n > from && poller.means(channel));
    const got = new Set(heard);
    const missed = meant.filter(({ n }) => !got.has(n));
    const told = missed.filter(({ n, channel }) => n <= (gaps.get(channel) ?? 0));
    assert.deepEqual(missed, told, 'what is missing was told');
    assert.deepEqual(
      heard,
      meant.map(({ n }) => n).filter((n) => got.has(n)),
      'each once and in order',
    );
    for (const [channel, until] of gaps) {
      assert.ok(
        missed.some((one) => one.channel === channel && one.n === until),
        `nothing is missing at ${until}`,
      );
    }
    lost += missed.length;
  }
  assert.equal(lost > 0, gapsExpected);
}

/** An app that hears everything, and late. */
function lag(app: TestApp, milliseconds: number): void {
  const { doorbell } = app.store.bus as RedisBus;
  assert.ok(doorbell);
  const hear = doorbell.hear.bind(doorbell);
  doorbell.hear = (epoch, event) => void setTimeout(() => hear(epoch, event), milliseconds);
}

describe('who only polls gets everything once and in order, or is told what is gone', {
  timeout: 60_000,
}, () => {
  const redis = useRedis();

  async function open(t: TestContext, settings: Record<string, string>): Promise<TestApp> {
    const app = await startApp({ HEARTBEAT: '300ms', ...settings });
    t.after(() => app.stop());
    await ready(app.url);
    return app;
  }

  test('in memory', async (t) => {
    await load([await open(t, {})], false);
  });

  test('in memory, with logs that are too short', async (t) => {
    await load([await open(t, { LOG_LENGTH: '10' })], true);
  });

  test('at three apps on one Redis, one of which hears everything late', async (t) => {
    await redis().command('FLUSHALL');
    const settings = { REDIS_URL: redis().url };
    const apps = [await open(t, settings), await open(t, settings), await open(t, settings)];
    lag(apps[2] as TestApp, 100);
    await load(apps, false);
  });

  test('at two apps on one Redis, with logs that are too short', async (t) => {
    await redis().command('FLUSHALL');
    const settings = { REDIS_URL: redis().url, LOG_LENGTH: '10' };
    await load([await open(t, settings), await open(t, settings)], true);
  });
});

describe('a poll that waits, on Redis', { timeout: 60_000 }, () => {
  let redis: TestRedis;
  let app: TestApp;
  let epoch: string;
  before(async () => {
    redis = await TestRedis.start();
    app = await startApp({ REDIS_URL: redis.url, HEARTBEAT: '60s' });
    await ready(app.url);
    ({ epoch } = await app.store.bus.position());
  });
  after(async () => {
    await app.stop();
    await redis.stop();
  });

  async function streams(count: number): Promise<void> {
    const said = `pinstream_streams ${count}\n`;
    await eventually(said, async () => (await request(`${app.url}/metrics`)).text.includes(said));
  }

  test('at an app that has not yet heard what its reader has, hears only what is new', async (t) => {
    const late = await startApp({ REDIS_URL: redis.url });
    t.after(() => late.stop());
    await ready(late.url);
    lag(late, 300);
    const { n } = await app.store.bus.append({ channel: 'l', name: 'message', data: 'known', at: 0 });
    const events = request(`${late.url}/events?channel=l&since=${epoch}-${n}&wait=30`);
    const headers = { ...POLLING, 'Last-Event-ID': `${epoch}-${n}` };
    const cyclone = request(`${late.url}/sse/?channels=l`, { headers });
    await eventually('the old one is heard', async () =>
      (await request(`${late.url}/metrics`)).text.includes('pinstream_events_heard_total 1\n'),
    );
    await app.store.bus.append({ channel: 'l', name: 'message', data: 'new', at: 0 });
    assert.deepEqual(
      ((await events).json as Log).events.map(({ data }) => data),
      ['new'],
    );
    assert.equal((await cyclone).text, `id: ${epoch}-${n + 1}\ndata: new\n\n`);
  });

  test('gives its place back as soon as its reader leaves, also while the store does not answer', async () => {
    const { n } = await app.store.bus.position();
    for (const hung of [false, true]) {
      if (hung) redis.pause();
      const asked = httpRequest(`${app.url}/events?channel=q&since=${epoch}-${n}&wait=60`, { agent: false });
      asked.on('error', () => {}); // it is we who end it
      asked.end();
      await once(asked, 'finish');
      await streams(1);
      asked.destroy();
      await streams(0);
      if (hung) redis.resume();
    }
    await ready(app.url);
  });

  test('is answered with the epoch when the store becomes another one', async () => {
    const { n } = await app.store.bus.append({ channel: 'e', name: 'message', data: 'old', at: 0 });
    const events = request(`${app.url}/events?channel=e&since=${epoch}-${n}&wait=30`);
    const headers = { ...POLLING, 'Last-Event-ID': `${epoch}-${n}` };
    const cyclone = request(`${app.url}/sse/?channels=e`, { headers });
    await streams(2);
    await redis.command('FLUSHALL');
    const { epoch: other } = await app.store.bus.append({
      channel: 'e',
      name: 'message',
      data: 'new',
      at: 0,
    });
    const log = (await events).json as Log;
    assert.deepEqual(log.gap, [{ reason: 'epoch' }]);
    assert.equal(log.cursor, `${other}-1`);
    assert.deepEqual(
      log.events.map(({ data }) => data),
      ['new'],
    );
    assert.equal((await cyclone).text, `id: ${other}-1\ndata: new\n\n`);
    epoch = other;
  });

  test('outlives a Redis that goes away, and what came meanwhile is there', async () => {
    const { n } = await app.store.bus.position();
    const over = request(`${app.url}/events?channel=r&since=${epoch}-${n}&wait=1`);
    await streams(1);
    await redis.kill();
    const away = await over;
    assert.equal(away.status, 200);
    assert.deepEqual(away.json, { cursor: `${epoch}-${n}`, events: [], gap: null });

    const refused = await request(`${app.url}/events?channel=r&since=${epoch}-${n}&wait=1`);
    assert.equal(refused.status, 503);
    assert.match((refused.json as { error: string }).error, /^Redis at 127\.0\.0\.1:\d+ cannot be reached: /);
    const cyclone = await request(`${app.url}/sse/?channels=r`, { headers: POLLING });
    assert.equal(cyclone.status, 200);
    assert.match(cyclone.text, /^retry: \d+\n\n$/);

    await redis.up();
    await ready(app.url);
    ({ epoch } = await app.store.bus.position());
  });

  test('says so when Redis stops answering under it, in each form in its own way', async () => {
    const { n } = await app.store.bus.position();
    redis.pause();
    try {
      const events = request(`${app.url}/events?channel=s&since=${epoch}-${n}&wait=30`);
      const headers = { ...POLLING, 'Last-Event-ID': `${epoch}-${n}` };
      const cyclone = request(`${app.url}/sse/?channels=s`, { headers });
      const brief = request(`${app.url}/events?channel=s&since=${epoch}-${n}&wait=1`);
      assert.deepEqual((await brief).json, { cursor: `${epoch}-${n}`, events: [], gap: null });
      const [refused, ended] = [await events, await cyclone];
      assert.equal(refused.status, 503);
      assert.match((refused.json as { error: string }).error, /^Redis at /);
      assert.deepEqual(
        [ended.status, ended.headers['content-type']],
        [200, 'text/event-stream; charset=utf-8'],
      );
      assert.match(ended.text, /^retry: \d+\n\n$/);
    } finally {
      redis.resume();
    }
    await ready(app.url);
  });

  test('ends with the app, also while Redis does not answer', async () => {
    const other = await startApp({ REDIS_URL: redis.url });
    await ready(other.url);
    const { n } = await app.store.bus.position();
    redis.pause();
    const asked = request(`${other.url}/events?channel=z&since=${epoch}-${n}&wait=60`);
    let metrics = '';
    while (!metrics.includes('pinstream_streams 1\n')) metrics = (await request(`${other.url}/metrics`)).text;
    const stopped = other.stop();
    assert.deepEqual((await asked).json, { cursor: `${epoch}-${n}`, events: [], gap: null });
    redis.resume();
    await stopped;
  });
});
