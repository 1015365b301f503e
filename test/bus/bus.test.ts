import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import type { Board } from '../../src/bus/board.ts';
import { type Bus, BusError, type Page, type StoreLimits } from '../../src/bus/bus.ts';
import { MemoryBoard } from '../../src/bus/memoryBoard.ts';
import { MemoryBus } from '../../src/bus/memoryBus.ts';
import { RedisBoard } from '../../src/bus/redisBoard.ts';
import { RedisBus } from '../../src/bus/redisBus.ts';
import { RedisLink } from '../../src/bus/redisLink.ts';
import type { NewEvent } from '../../src/contract/event.ts';
import { silentLog } from '../../src/lib/log.ts';
import { Heard } from '../support/heard.ts';
import { useRedis } from '../support/redis.ts';

const LIMITS: StoreLimits = {
  logLength: 1000,
  logAge: 86_400_000,
  maxChannels: 100,
  storeBytes: 100_000_000,
};

interface Opened {
  readonly bus: Bus;
  readonly board: Board;
  readonly heard: Heard;
}

/** What every bus promises. The same tests run on both. */
function contract(kind: string, make: (limits: StoreLimits) => Promise<{ bus: Bus; board: Board }>): void {
  describe(`the bus in ${kind}`, () => {
    const opened: Bus[] = [];

    async function open(limits: Partial<StoreLimits> = {}): Promise<Opened> {
      const { bus, board } = await make({ ...LIMITS, ...limits });
      opened.push(bus);
      const heard = new Heard();
      await bus.start(heard);
      await heard.until(() => heard.opened.length > 0);
      return { bus, board, heard };
    }

    afterEach(async () => {
      for (const bus of opened.splice(0)) await bus.close();
    });

    test('numbers events over all channels, from 1, and hands back what was given', async () => {
      const { bus, heard } = await open();
      const { epoch } = await bus.position();
      assert.match(epoch, /^[0-9a-z]{6}$/);
      assert.deepEqual(await bus.append(event('a', 'one')), { epoch, n: 1, duplicate: false });
      assert.deepEqual(await bus.append(event('b', 'two')), { epoch, n: 2, duplicate: false });
      await heard.until(() => heard.n === 2);
      const expected = [
        { n: 1, ...event('a', 'one') },
        { n: 2, ...event('b', 'two') },
      ];
      assert.deepEqual(heard.events, expected);
      const page = await bus.since({ channels: ['*'], after: 0 });
      assert.deepEqual(page, { epoch, top: 2, end: 2, events: expected, gaps: [] });
    });

    for (const [what, data] of Object.entries({
      'CR, LF and CRLF': 'a\rb\nc\r\nd',
      NUL: 'a\0b',
      nothing: '',
      'U+2028': 'a\u2028b\u2029c',
      'astral characters': '𝄞👩‍👩‍👧',
      '64 KiB': 'ü'.repeat(32_768),
      'what looks like JSON': '["a",{"b":1e400}]',
    })) {
      test(`carries ${what} unchanged, live and from the log`, async () => {
        const { bus, heard } = await open();
        const given = {
          ...event('kanal ü', data),
          name: 'námè',
          raw: `{"data":${JSON.stringify(data)}}`,
          at: 1763668800123.457,
        };
        await bus.append(given, { adopted: true });
        await heard.until(() => heard.n === 1);
        assert.deepEqual(heard.events, [{ n: 1, ...given, adopted: true }]);
        const page = await bus.since({ channels: ['kanal ü'], after: 0 });
        assert.deepEqual(page.events, heard.events);
      });
    }

    test('replaces what is no Unicode, as UTF-8 does', async () => {
      const { bus, heard } = await open();
      await bus.append(event('a', 'x\ud800y'));
      await heard.until(() => heard.n === 1);
      assert.equal(heard.events[0]?.data, 'x\ufffdy');
    });

    test('reads only what comes after a number, up to a number, on the channels that are meant', async () => {
      const { bus } = await open();
      for (const channel of ['a', 'room-1', 'b', 'room-2', 'a', 'other'])
        await bus.append(event(channel, channel));
      const numbers = async (channels: string[], after: number, upTo?: number) =>
        (await bus.since({ channels, after, upTo })).events.map(({ n }) => n);
      assert.deepEqual(await numbers(['a'], 0), [1, 5]);
      assert.deepEqual(await numbers(['a'], 1), [5]);
      assert.deepEqual(await numbers(['a', 'b'], 0, 4), [1, 3]);
      assert.deepEqual(await numbers(['room-*'], 0), [2, 4]);
      assert.deepEqual(await numbers(['room-*', 'room-1', 'a'], 0), [1, 2, 4, 5]);
      assert.deepEqual(await numbers(['*o*-*1'], 0), [2]);
      assert.deepEqual(await numbers(['*'], 5), [6]);
      assert.deepEqual(await numbers(['nothing'], 0), []);
      assert.equal((await bus.since({ channels: ['nothing'], after: 0, upTo: 3 })).end, 3);
    });

    test('merges logs page by page, in the order of n, leaving out nothing', async () => {
      const { bus } = await open();
      const expected: string[] = [];
      for (let i = 1; i <= 300; i++) {
        const channel = i % 7 === 0 ? 'seldom' : i % 2 === 0 ? 'even' : 'odd';
        await bus.append(event(channel, String(i)));
        expected.push(`${i} ${channel}`);
      }
      for (const limit of [1, 10, 64, 299, 300, 301]) {
        const pages = await readAll(bus, { channels: ['even', 'odd', 'sel*'], limit });
        assert.deepEqual(
          pages.flatMap(({ events }) => events.map(({ n, channel }) => `${n} ${channel}`)),
          expected,
        );
        assert.ok(
          pages.every(({ events }) => events.length <= limit),
          `a page has at most ${limit}`,
        );
      }
    });

    test('merges very many logs', async () => {
      const { bus } = await open({ maxChannels: 1000 });
      for (let i = 0; i < 900; i++) await bus.append(event(`channel ${i % 300}`, String(i)));
      const pages = await readAll(bus, { channels: ['*'], limit: 50 });
      assert.deepEqual(
        pages.flatMap(({ events }) => events.map(({ n }) => n)),
        Array.from({ length: 900 }, (_, i) => i + 1),
      );
    });

    test('ends a page at a megabyte', async () => {
      const { bus } = await open();
      for (let i = 0; i < 40; i++) await bus.append(event(i % 2 ? 'a' : 'b', 'x'.repeat(60_000)));
      const pages = await readAll(bus, { channels: ['a', 'b'] });
      assert.deepEqual(
        pages.map(({ events }) => events.length),
        [17, 17, 6],
      );
      assert.deepEqual(
        pages.map(({ end }) => end),
        [17, 34, 40],
      );
    });

    test('keeps LOG_LENGTH events of each channel, and tells exactly who has missed some', async () => {
      const { bus } = await open({ logLength: 3 });
      for (let i = 0; i < 5; i++) await bus.append(event('a', String(i)));
      await bus.append(event('b', 'x'));
      const gaps = async (channels: string[], after: number) => (await bus.since({ channels, after })).gaps;
      const gap = { channel: 'a', until: 2, certain: true };
      assert.deepEqual(await gaps(['a', 'b'], 0), [gap]);
      assert.deepEqual(await gaps(['*'], 1), [gap]);
      assert.deepEqual(await gaps(['a', 'b'], 2), []);
      assert.deepEqual(await gaps(['b'], 0), []);
      assert.deepEqual(
        (await bus.since({ channels: ['a'], after: 0 })).events.map(({ n }) => n),
        [3, 4, 5],
      );
    });

    test('forgets the longest quiet channel beyond MAX_CHANNELS, and says that something may be missing', async () => {
      const { bus } = await open({ maxChannels: 2 });
      for (const channel of ['a', 'b', 'a', 'c']) await bus.append(event(channel, 'x'));
      const gaps = async (channels: string[], after: number) => (await bus.since({ channels, after })).gaps;
      assert.deepEqual((await bus.channels()).map(({ channel }) => channel).sort(), ['a', 'c']);
      assert.deepEqual(await gaps(['b'], 1), [{ channel: 'b', until: 2, certain: false }]);
      assert.deepEqual(await gaps(['b'], 2), []);
      assert.deepEqual(await gaps(['a'], 0), []);
      await bus.append(event('b', 'again'));
      assert.deepEqual(await gaps(['b'], 1), [{ channel: 'b', until: 2, certain: false }]);
    });

    test('keeps an event with an idempotency key once, on its channel', async () => {
      const { bus } = await open();
      assert.equal((await bus.append(event('a', 'x'), { key: 'k' })).n, 1);
      assert.deepEqual(
        { ...(await bus.append(event('a', 'y'), { key: 'k' })), epoch: '' },
        { epoch: '', n: 1, duplicate: true },
      );
      assert.equal((await bus.append(event('b', 'x'), { key: 'k' })).n, 2);
      assert.equal((await bus.append(event('a', 'x'), { key: 'l' })).n, 3);
    });

    test("keeps a producer's sequence once", async () => {
      const { bus } = await open();
      const append = async (id: string, seq: number) => {
        const { n, duplicate } = await bus.append(event('a', 'x'), { producer: { id, seq } });
        return duplicate ? `again ${n}` : n;
      };
      assert.equal(await append('p', 1), 1);
      assert.equal(await append('p', 2), 2);
      assert.equal(await append('p', 2), 'again 2');
      assert.equal(await append('p', 1), 'again 0');
      assert.equal(await append('q', 1), 3);
      assert.equal(await append('p', 3), 4);
    });

    test('stores the count of presses with the press', async () => {
      const { bus, board } = await open();
      assert.deepEqual(await board.presses(), new Map());
      await bus.append(event('button', 'x'), { presses: { pin: 'button', count: 42 } });
      await bus.append(event('door', 'x'), { presses: { pin: 'door', count: 1 } });
      assert.deepEqual(
        await board.presses(),
        new Map([
          ['button', 42],
          ['door', 1],
        ]),
      );
    });

    test('refuses beyond STORE_BYTES, the hardware last, and takes events again when there is room', async () => {
      const { bus } = await open({ storeBytes: 1000, logLength: 2 });
      const big = event('a', 'x'.repeat(490), '');
      await bus.append(big);
      await bus.append(big);
      await assert.rejects(bus.append(big), (error) => error instanceof BusError && error.reason === 'full');
      await assert.rejects(bus.append(event('b', 'y'.repeat(21), '')), BusError);
      await bus.append(event('b', 'y'.repeat(21), ''), { hardware: true });
      assert.equal((await bus.position()).n, 3);
    });

    test('keeps the channels of the hardware for the hardware', async () => {
      const { bus } = await open();
      const owned = (error: Error) => error instanceof BusError && error.reason === 'owned';
      await assert.rejects(bus.append(event('device', 'x')), owned);
      await bus.append(event('button', 'not a pin yet'));
      const device = { lives: true, pins: ['button', 'door'] };
      await bus.append(event('device', 'x', 'state'), { hardware: true, device });
      await assert.rejects(bus.append(event('button', 'x')), owned);
      await assert.rejects(bus.append(event('door', 'x')), owned);
      await bus.append(event('button', 'x', 'press'), { hardware: true });
      await bus.append(event('device', 'y', 'state'), {
        hardware: true,
        device: { lives: false, pins: ['door'] },
      });
      await bus.append(event('button', 'no pin any more'));
      assert.equal((await bus.position()).n, 5);
    });

    test('counts what it drops against STORE_BYTES', async () => {
      const { bus } = await open({ storeBytes: 1000, logLength: 1, maxChannels: 1 });
      for (let i = 0; i < 50; i++) {
        await bus.append(event('a', 'x'.repeat(300), 'name'));
        await bus.append({ ...event('b', 'x'.repeat(200)), raw: 'y'.repeat(100) });
      }
      assert.equal((await bus.position()).n, 100);
    });

    test('finds the last events of each channel', async () => {
      const { bus } = await open();
      for (const channel of ['a', 'b', 'a', 'a', 'c']) await bus.append(event(channel, 'x'));
      assert.deepEqual(
        await bus.tails(['a', 'b', 'none'], 2),
        new Map([
          ['a', 3],
          ['b', 2],
        ]),
      );
      assert.deepEqual(
        await bus.tails(['*'], 1),
        new Map([
          ['a', 4],
          ['b', 2],
          ['c', 5],
        ]),
      );
    });

    test('lists the channels', async () => {
      const { bus } = await open({ logLength: 1 });
      for (const channel of ['a', 'b', 'a']) await bus.append(event(channel, 'x'));
      const channels = (await bus.channels()).sort((x, y) => x.channel.localeCompare(y.channel));
      assert.deepEqual(channels, [
        { channel: 'a', length: 1, last: 3 },
        { channel: 'b', length: 1, last: 2 },
      ]);
    });

    test('keeps one publish key, the first that was made', async () => {
      const { bus, board } = await open();
      void bus;
      assert.equal(await board.publishKey(() => 'first'), 'first');
      assert.equal(await board.publishKey(() => 'second'), 'first');
    });
  });
}

contract('memory', async (limits) => {
  const board = new MemoryBoard();
  return { bus: new MemoryBus(limits, board.pressCounts), board };
});

describe('with a Redis', () => {
  const redis = useRedis();

  contract('Redis', async (limits) => {
    await redis().command('FLUSHALL');
    const link = new RedisLink({ url: redis().url, prefix: 'pinstream:' }, silentLog);
    return { bus: new RedisBus(link, limits), board: new RedisBoard(link) };
  });

  test('in Redis, a log that ran out is told as lost, and no longer counts against STORE_BYTES', async () => {
    await redis().command('FLUSHALL');
    const link = new RedisLink({ url: redis().url, prefix: 'pinstream:' }, silentLog);
    const bus = new RedisBus(link, { ...LIMITS, storeBytes: 1000, logAge: 5000 });
    const heard = new Heard();
    await bus.start(heard);
    await heard.until(() => heard.opened.length > 0);
    await bus.append(event('a', 'x'.repeat(900)));
    const left = Number(await redis().command('TTL', 'pinstream:log:a'));
    assert.ok(left > 0 && left <= 5, 'it runs out by itself');
    await redis().command('DEL', 'pinstream:log:a');
    const page = await bus.since({ channels: ['a'], after: 0 });
    assert.deepEqual([page.events, page.gaps], [[], [{ channel: 'a', until: 1, certain: true }]]);
    await bus.append(event('a', 'y'.repeat(900)));
    const { gaps, events } = await bus.since({ channels: ['a'], after: 0 });
    assert.deepEqual([events.map(({ n }) => n), gaps], [[2], [{ channel: 'a', until: 1, certain: true }]]);
    // Of another channel: found by the sweep, once it has been quiet for LOG_AGE.
    await redis().command('DEL', 'pinstream:log:a');
    await redis().command('ZADD', 'pinstream:touched', '1', 'a');
    await bus.append(event('b', 'z'.repeat(900)));
    assert.deepEqual((await bus.since({ channels: ['a'], after: 1 })).gaps, [
      { channel: 'a', until: 2, certain: true },
    ]);
    await bus.close();
  });
});

test('in memory, a log without events for LOG_AGE is dropped, and the loss is told', async () => {
  let now = 1_000_000;
  const bus = new MemoryBus({ ...LIMITS, logAge: 1000 }, new Map(), () => now);
  await bus.append(event('a', 'x'));
  now += 600;
  await bus.append(event('b', 'x'));
  now += 600;
  const page = await bus.since({ channels: ['*'], after: 0 });
  assert.deepEqual(
    page.events.map(({ n }) => n),
    [2],
  );
  assert.deepEqual(page.gaps, [{ channel: 'a', until: 1, certain: true }]);
});

function event(channel: string, data: string, name = 'message'): NewEvent {
  return { channel, name, data, at: 1763668800000 };
}

async function readAll(
  bus: Bus,
  { channels, limit }: { channels: string[]; limit?: number },
): Promise<Page[]> {
  const pages: Page[] = [];
  const { n: top } = await bus.position();
  for (let read = 0; read < top; ) {
    const page = await bus.since({ channels, after: read, limit });
    assert.ok(page.end > read, 'each page goes on');
    pages.push(page);
    read = page.end;
  }
  return pages;
}
