import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { Headcount } from '../../src/app/headcount.ts';
import type { Member } from '../../src/app/sse/audience.ts';
import { Hub } from '../../src/app/sse/hub.ts';
import { BusError } from '../../src/bus/bus.ts';
import { MemoryBoard } from '../../src/bus/memoryBoard.ts';
import { RedisBoard } from '../../src/bus/redisBoard.ts';
import { RedisLink } from '../../src/bus/redisLink.ts';
import { silentLog } from '../../src/lib/log.ts';
import { startApp } from '../support/app.ts';
import { loggedLines } from '../support/logged.ts';
import { eventually, ready } from '../support/ready.ts';
import { TestRedis } from '../support/redis.ts';
import { post, request } from '../support/request.ts';

/** The streams of one app, without their connections. */
class Streams {
  readonly hub = new Hub();
  readonly headcount: Headcount;

  constructor(board: RedisBoard | MemoryBoard) {
    this.hub.open({ epoch: 'k3f9x2', n: 0 });
    this.headcount = new Headcount(board, this.hub);
  }

  /** One stream; answers how it leaves. */
  open(...channels: string[]): () => void {
    const member: Member = { deliver() {} };
    const { audience } = this.hub.join(member, channels, 'stream');
    return () => this.hub.leave(member, audience);
  }

  async counts(...channels: string[]): Promise<number[]> {
    return channels.map(await this.headcount.counter(channels));
  }

  async names(): Promise<Record<string, number>> {
    return Object.fromEntries((await this.headcount.all()).names);
  }
}

describe('who listens', () => {
  for (const kind of ['memory', 'redis'] as const) {
    test(`a stream is counted once for a channel, by name or by pattern (${kind})`, async (t) => {
      const redis = kind === 'redis' ? await TestRedis.start() : undefined;
      const board = redis ? boardOn(redis) : new MemoryBoard();
      await board.start();
      t.after(async () => {
        await board.close();
        await redis?.stop();
      });
      if (redis) await connected(board as RedisBoard);
      const app = new Streams(board);
      app.open('a');
      app.open('a', 'b');
      app.open('a', '*');
      app.open('room-*', 'room-1*', 'b');
      assert.deepEqual(await app.counts('a', 'b', 'room-1', 'c', 'constructor'), [3, 3, 2, 1, 1]);
      assert.deepEqual(await app.names(), { a: 3, b: 2, '*': 1, 'room-*': 1, 'room-1*': 1 });
      const { counter } = await app.headcount.all();
      assert.deepEqual(['a', 'b', 'room-1', 'c'].map(counter), [3, 3, 2, 1]);
    });
  }
});

for (const error of [new BusError('away', 'Redis is away.'), new Error('odd')]) {
  test(`an event that is kept is answered so, also when who listens cannot be asked (${error.name})`, async (t) => {
    const { log, lines } = loggedLines();
    const app = await startApp({}, { log });
    t.after(() => app.stop());
    app.store.board.listenersElsewhere = () => Promise.reject(error);
    const { epoch } = await app.store.bus.position();
    const one = await post(`${app.url}/events`, { channel: 'a', data: '1' });
    assert.deepEqual([one.status, one.json], [201, { id: `${epoch}-1`, streams: null }]);
    const many = await post(`${app.url}/events`, [{ channel: 'a', data: '2' }, { channel: 'a' }]);
    assert.deepEqual(
      [many.status, many.json],
      [
        207,
        [
          { id: `${epoch}-2`, streams: null },
          { status: 400, error: 'Say what: "data" is missing.', field: 'data' },
        ],
      ],
    );
    const logged = error instanceof BusError ? 0 : 2;
    assert.equal(lines.filter((line) => line.startsWith('error: ')).length, logged, lines.join('\n'));
  });
}

function boardOn(redis: TestRedis): RedisBoard {
  return new RedisBoard(new RedisLink({ url: redis.url, prefix: 'pinstream:' }, silentLog));
}

async function connected(board: RedisBoard): Promise<void> {
  await eventually('Redis is reached', async () => {
    await new Promise((done) => setImmediate(done));
    return board.presses().then(
      () => true,
      () => false,
    );
  });
}

describe('who listens, over several apps on one Redis', () => {
  let redis: TestRedis;
  const boards: RedisBoard[] = [];
  before(async () => {
    redis = await TestRedis.start();
  });
  after(() => redis.stop());
  beforeEach(() => redis.command('FLUSHALL'));
  afterEach(async () => {
    for (const board of boards.splice(0)) await board.close();
  });

  async function open(): Promise<Streams> {
    const board = boardOn(redis);
    boards.push(board);
    await board.start();
    await connected(board);
    return new Streams(board);
  }

  /** What Redis was sent, and what it answered, in bytes. */
  async function traffic(): Promise<number> {
    const info = (await redis.command('INFO', 'stats')) as string;
    const figure = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1]);
    return figure('total_net_input_bytes') + figure('total_net_output_bytes');
  }

  async function costOf(work: () => Promise<unknown>): Promise<number> {
    const before = await traffic();
    await work();
    return (await traffic()) - before;
  }

  test('all see the same, and what comes and goes', async () => {
    const [one, two] = [await open(), await open()];
    const leave = one.open('a', 'b');
    one.open('a');
    two.open('a');
    await two.counts();
    assert.deepEqual(await one.counts('a', 'b', 'c'), [3, 1, 0]);
    assert.deepEqual(await two.names(), { a: 3, b: 1 });
    leave();
    assert.deepEqual(await one.counts('a', 'b'), [2, 0]);
    assert.deepEqual(await two.names(), { a: 2 });
  });

  test('twenty thousand streams with a name each cost what comes and goes, not all their names', async () => {
    const [one, two] = [await open(), await open()];
    const leave = Array.from({ length: 20_000 }, (_, i) => one.open(`session-${i}`));
    one.headcount.start();
    try {
      await one.names();
      assert.deepEqual(await two.counts('session-0', 'session-19999', 'session-x'), [1, 1, 0]);
      const asked = await costOf(() => two.counts('session-7'));
      assert.ok(asked < 30_000, `${asked} bytes, the figures of Redis itself among them`);
      for (const gone of leave.slice(0, 100)) gone();
      for (let i = 0; i < 100; i++) one.open(`new-${i}`);
      const cost = await costOf(() =>
        eventually('it is reported', async () => {
          await new Promise((done) => setTimeout(done, 100));
          return (await two.counts('new-99'))[0] === 1;
        }),
      );
      assert.ok(cost < 100_000, `${cost} bytes`);
      assert.deepEqual(await two.counts('session-99', 'session-100'), [0, 1]);
    } finally {
      one.headcount.stop();
    }
  });

  test('what is beyond the bounds is not counted, and costs nothing', async () => {
    const [one, two] = [await open(), await open()];
    for (let i = 0; i < 25_000; i++) one.open(`name-${i}`);
    for (let i = 0; i < 1_500; i++) one.open(`pattern-${i}-*`);
    for (const size of [1, 2])
      one.open(...Array.from({ length: 400 * size }, (_, i) => `${'x'.repeat(150)}${i}*`));
    await one.names();
    const names = await two.names();
    assert.deepEqual(
      [names['name-19999'], names['name-20000'], names['pattern-999-*'], names['pattern-1000-*']],
      [1, undefined, 1, undefined],
    );
  });

  test('a Redis that has lost what it was told is told all of it again', async () => {
    const [one, two] = [await open(), await open()];
    one.open('a');
    two.open('a', '*');
    for (const each of [one, two, one]) await each.names();
    await redis.command('FLUSHALL');
    await two.names();
    assert.deepEqual(await one.counts('a', 'b'), [2, 1]);
    await one.names();
    assert.deepEqual(await two.names(), { a: 2, '*': 1 });
  });

  test('an app that says nothing for ten seconds is forgotten, and counted again when it goes on', async () => {
    const [one, two] = [await open(), await open()];
    one.open('a');
    two.open('a');
    for (const each of [one, two, one]) await each.names();
    const keys = (await redis.command('KEYS', 'pinstream:reports:*')) as string[];
    assert.equal(keys.length, 2);
    for (const key of keys) {
      const seconds = Number(await redis.command('TTL', key));
      assert.ok(seconds >= 5 && seconds <= 10, `${key} expires in ${seconds} s`);
      await redis.command('DEL', key); // as if they were over
    }
    assert.deepEqual(await two.counts('a'), [1]);
    assert.equal(await redis.command('SCARD', 'pinstream:reports'), 1);
    await two.names();
    assert.deepEqual(await one.counts('a'), [2]);
  });

  test('a Redis that is full takes no report, and is asked all the same', async (t) => {
    const app = await startApp({ REDIS_URL: redis.url });
    t.after(() => app.stop());
    const two = await open();
    await ready(app.url);
    two.open('a', 'room-*');
    await two.counts();
    await redis.command('CONFIG', 'SET', 'maxmemory', '1');
    t.after(() => redis.command('CONFIG', 'SET', 'maxmemory', '0'));
    const [stats, channels] = [await request(`${app.url}/stats`), await request(`${app.url}/channels`)];
    assert.deepEqual(
      [stats.status, stats.json],
      [
        200,
        [
          ['a', 1],
          ['room-*', 1],
        ],
      ],
    );
    assert.equal(channels.status, 200);
    const { channels: listed } = channels.json as { channels: object[] };
    assert.deepEqual(listed, [{ channel: 'a', streams: 1, length: 0, last: null }]);
  });

  test('an app that stops is gone at once', async () => {
    const one = await startApp({ REDIS_URL: redis.url });
    const two = await open();
    await eventually('it can serve', async () => (await request(`${one.url}/readyz`)).status === 200);
    const { n, epoch } = await one.store.bus.position();
    const poll = request(`${one.url}/events?channel=a&since=${epoch}-${n}&wait=60`);
    await eventually('it is counted', async () => {
      await request(`${one.url}/stats`);
      return (await two.counts('a'))[0] === 1;
    });
    await one.stop();
    await poll;
    assert.deepEqual(await two.counts('a'), [0]);
  });
});
