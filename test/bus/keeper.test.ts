import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { Redis } from 'ioredis';
import { Keeper } from '../../src/bus/keeper.ts';
import { RedisBus } from '../../src/bus/redisBus.ts';
import { RedisLink } from '../../src/bus/redisLink.ts';
import { silentLog } from '../../src/lib/log.ts';
import { Heard } from '../support/heard.ts';
import { TestRedis } from '../support/redis.ts';

const LIMITS = { logLength: 100_000, logAge: 86_400_000, maxChannels: 100, storeBytes: 100_000_000 };

/** One app's share in the adopting: a link, a bus, a keeper, and what it heard. */
class Replica {
  readonly heard = new Heard();
  readonly odd: string[] = [];
  readonly link: RedisLink;
  readonly bus: RedisBus;
  readonly keeper: Keeper;
  adopted = 0;

  constructor(url: string, { adopt = ['*'], storeBytes = LIMITS.storeBytes } = {}) {
    this.link = new RedisLink({ url, prefix: 'pinstream:' }, silentLog);
    this.bus = new RedisBus(this.link, { ...LIMITS, storeBytes });
    this.keeper = new Keeper(
      this.link,
      this.bus,
      {
        adopt,
        counts: { adopted: () => this.#count(), odd: (reason) => this.odd.push(reason) },
        duty: async () => undefined,
      },
      silentLog,
    );
  }

  #count(): void {
    this.adopted++;
    this.heard.poke();
  }

  async start(): Promise<this> {
    this.keeper.start();
    const { heard, keeper } = this;
    await this.bus.start({
      open: (position) => heard.open(position),
      event: (event) => {
        keeper.event(event);
        heard.event(event);
      },
      skip: (n) => heard.skip(n),
      gap: (gap) => heard.gap(gap),
    });
    await heard.until(() => heard.opened.length > 0);
    return this;
  }

  /** As a killed process: nothing is given back. */
  async crash(): Promise<void> {
    const { keeper, bus } = this;
    await bus.close();
    await keeper.stop();
  }

  async stop(): Promise<void> {
    await this.keeper.stop();
    await this.bus.close();
  }

  get texts(): string[] {
    return this.heard.events.map(({ raw, data }) => raw ?? data);
  }
}

describe('the keeper', () => {
  let redis: TestRedis;
  let client: Redis;
  const replicas: Replica[] = [];

  before(async () => {
    redis = await TestRedis.start();
    client = redis.client();
  });
  after(async () => {
    client.disconnect();
    await redis.stop();
  });
  beforeEach(() => client.flushall());
  afterEach(async () => {
    for (const replica of replicas.splice(0)) await replica.stop();
  });

  async function replica(options?: { adopt?: string[]; storeBytes?: number }): Promise<Replica> {
    const made = new Replica(redis.url, options);
    replicas.push(made);
    return made.start();
  }

  test('gives raw publishes numbers, each once, in their order, whatever they say', async () => {
    const { heard } = await replica();
    const payloads = [
      '[1, 2, 3]',
      'hello',
      'hello',
      '{broken',
      '["ev","data"]',
      '{"data":"x","type":"t"}',
      '',
    ];
    for (const payload of payloads) await client.publish('base', payload);
    await heard.until(() => heard.events.length === payloads.length);
    const said = heard.events.map(({ n, channel, name, data, raw, adopted }) => ({
      n,
      channel,
      name,
      data,
      raw,
      adopted,
    }));
    const all = (n: number, name: string, data: string, raw?: string) => ({
      n,
      channel: 'base',
      name,
      data,
      raw,
      adopted: true,
    });
    assert.deepEqual(said, [
      all(1, 'message', '[1, 2, 3]'),
      all(2, 'message', 'hello'),
      all(3, 'message', 'hello'),
      all(4, 'message', '{broken'),
      all(5, 'ev', 'data', '["ev","data"]'),
      all(6, 't', 'x', '{"data":"x","type":"t"}'),
      all(7, 'message', ''),
    ]);
  });

  test('adopts once with several apps, also of overlapping patterns', async () => {
    const apps = [
      await replica({ adopt: ['*', 'room-*', 'base'] }),
      await replica({ adopt: ['*', 'room-*', 'base'] }),
      await replica({ adopt: ['*', 'room-*', 'base'] }),
    ];
    for (let i = 0; i < 300; i++) await client.publish(i % 2 ? 'base' : 'room-1', `${i % 3}`);
    const expected = Array.from({ length: 300 }, (_, i) => `${i % 3}`);
    for (const { heard } of apps) await heard.until(() => heard.n >= 300);
    for (const app of apps) assert.deepEqual(app.texts, expected);
    // The event rings before its append is answered, and counted.
    const keeper = apps.find(({ adopted }) => adopted > 0);
    await keeper?.heard.until(() => keeper.adopted >= 300);
    assert.deepEqual(apps.map(({ adopted }) => adopted).sort(), [0, 0, 300]);
  });

  test('another app goes on when the keeper is killed: nothing lost, nothing doubled', async () => {
    const first = await replica();
    await client.publish('base', 'warm-up');
    await first.heard.until(() => first.heard.n === 1);
    const second = await replica();
    const expected = ['warm-up'];
    for (let i = 0; i < 500; i++) {
      const text = `same ${i % 3}`;
      expected.push(text);
      await client.publish('base', text);
      if (i === 250) await first.crash();
    }
    await second.heard.until(() => second.heard.events.length >= 500);
    const { events } = await second.bus.since({ channels: ['*'], after: 0, limit: 1000 });
    assert.deepEqual(
      events.map(({ data }) => data),
      expected,
    );
    assert.ok(first.adopted > 0 && second.adopted > 0, 'both have kept some');
  });

  test('what an earlier keeper still has under way is fenced', async () => {
    const app = await replica();
    await client.set('pinstream:keeper', 'somebody else', 'PX', 60_000);
    await assert.rejects(
      app.bus.append(
        { channel: 'a', name: 'message', data: 'x', at: 0 },
        { lease: { key: 'pinstream:keeper', token: 'mine' } },
      ),
      ({ reason }: { reason: string }) => reason === 'fenced',
    );
    assert.equal((await app.bus.position()).n, 0);
  });

  test('never adopts what is our own, Redis’s own, or no channel', async () => {
    const { heard, odd } = await replica();
    await client.config('SET', 'notify-keyspace-events', 'KEA');
    await client.set('some', 'thing');
    for (const channel of ['pinstream:x', '__keyevent@0__:set', 'with\nline', 'x'.repeat(201), 'device'])
      await client.publish(channel, 'no');
    await client.publish('large', 'x'.repeat(65_537));
    await client.publish('base', Buffer.from([0x61, 0xff, 0x62]));
    await client.publish('base', '["error","x"]');
    await heard.until(() => heard.n === 2);
    await client.config('SET', 'notify-keyspace-events', '');
    assert.deepEqual(
      heard.events.map(({ channel, name, data }) => [channel, name, data]),
      [
        ['base', 'message', 'a\ufffdb'],
        ['base', 'message', 'x'],
      ],
    );
    assert.deepEqual(odd.sort(), ['not-utf8', 'owned', 'reserved-name', 'too-large']);
  });

  test('adopts nothing where it is not asked to, and only what it is asked for', async () => {
    const { heard } = await replica({ adopt: ['room-*', 'a?c'] });
    for (const channel of ['base', 'abc', 'room', 'room-1', 'a?c']) await client.publish(channel, channel);
    await heard.until(() => heard.n === 2);
    assert.deepEqual(
      heard.events.map(({ channel }) => channel),
      ['room-1', 'a?c'],
    );
  });

  test('what does not fit into the store is dropped for good, and counted', async () => {
    const app = await replica({ storeBytes: 100 });
    const other = await replica({ storeBytes: 100 });
    await client.publish('base', 'x'.repeat(80));
    await client.publish('base', 'y'.repeat(80));
    await client.publish('base', 'z');
    await other.heard.until(() => other.heard.n === 2);
    assert.deepEqual(other.texts, ['x'.repeat(80), 'z']);
    assert.deepEqual([...app.odd, ...other.odd], ['full']);
  });

  test('is never an app that adopts nothing, as long as there is one that does', async () => {
    const idle = await replica({ adopt: [] });
    await idle.heard.until(() => idle.heard.opened.length > 0);
    const { heard } = await replica();
    await client.publish('base', 'x');
    await heard.until(() => heard.n === 1);
  });

  test('is in step again after its connections were cut, and keeps what comes then once', async () => {
    const [first, second] = [await replica(), await replica()];
    await client.publish('base', 'before');
    for (const { heard } of [first, second]) await heard.until(() => heard.n === 1);
    for (const id of ((await client.client('LIST')) as string).matchAll(/^id=(\d+) .* cmd=(?!client)/gm)) {
      await client.client('KILL', 'ID', id[1] as string).catch(() => 0);
    }
    // What is published before they listen again is gone, as in Redis itself.
    for (let i = 0; first.heard.n < 20 || second.heard.n < 20; i++) await client.publish('base', `${i}`);
    await client.publish('base', 'end');
    for (const { heard } of [first, second]) await heard.until(() => heard.events.at(-1)?.data === 'end');
    assert.deepEqual(first.texts, second.texts);
    const numbers = first.texts.slice(1, -1).map(Number);
    const [from = 0] = numbers;
    assert.deepEqual(
      numbers,
      Array.from(numbers, (_, i) => from + i),
    );
  });
});
