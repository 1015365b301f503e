import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { type Bus, PAGE_BYTES, type StoreLimits } from '../../src/bus/bus.ts';
import { MemoryBoard } from '../../src/bus/memoryBoard.ts';
import { MemoryBus } from '../../src/bus/memoryBus.ts';
import { RedisBus } from '../../src/bus/redisBus.ts';
import { RedisLink } from '../../src/bus/redisLink.ts';
import { matches } from '../../src/contract/channel.ts';
import type { NewEvent, StoredEvent } from '../../src/contract/event.ts';
import { silentLog } from '../../src/lib/log.ts';
import { useRedis } from '../support/redis.ts';

const LIMITS: StoreLimits = {
  logLength: 1000,
  logAge: 86_400_000,
  maxChannels: 10_000,
  storeBytes: 100_000_000,
};

function event(channel: string, data = channel): NewEvent {
  return { channel, name: 'message', data, at: 1763668800000 };
}

function numbers(events: readonly StoredEvent[]): number[] {
  return events.map(({ n }) => n);
}

/** The same numbers each time, and none that a person would choose. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
}

interface Asked {
  readonly channels: string[];
  readonly count: number;
  readonly upTo: number;
  readonly limit: number;
}

/** What it shall be, by its definition. */
function expected(all: readonly StoredEvent[], { channels, count, upTo, limit }: Asked): number[] {
  const meant = all.filter(
    ({ n, channel }) => n <= upTo && channels.some((pattern) => matches(pattern, channel)),
  );
  const tails = meant.filter(
    (one, i) => meant.slice(i + 1).filter(({ channel }) => channel === one.channel).length < count,
  );
  return numbers(tails.slice(-limit));
}

function contract(kind: string, make: (limits: StoreLimits) => Promise<Bus>): void {
  describe(`the latest events in ${kind}`, { timeout: 60_000 }, () => {
    const opened: Bus[] = [];
    async function open(limits: Partial<StoreLimits> = {}): Promise<Bus> {
      const bus = await make({ ...LIMITS, ...limits });
      opened.push(bus);
      return bus;
    }
    afterEach(async () => {
      for (const bus of opened.splice(0)) await bus.close();
    });

    test('are whole, and of the store that they are of', async () => {
      const bus = await open();
      const given = { ...event('a', 'ü\n\0'), name: 'námè', raw: '{"data":"ü"}', at: 1763668800123.457 };
      const { epoch } = await bus.append(given, { adopted: true });
      assert.deepEqual(await bus.latest({ channels: ['a'], count: 1, upTo: 1, limit: 1 }), {
        epoch,
        events: [{ n: 1, ...given, adopted: true }],
      });
    });

    test('are none where there are none', async () => {
      const bus = await open();
      const { epoch } = await bus.position();
      for (const channels of [['a'], ['a*'], ['*', 'a']]) {
        const nothing = await bus.latest({ channels, count: 5, upTo: 9, limit: 5 });
        assert.deepEqual(nothing, { epoch, events: [] });
      }
    });

    test('are the newest so many of each channel, and of these the newest', async () => {
      const bus = await open({ logLength: 40 });
      const next = random(7);
      const names = ['a', 'b', 'room-1', 'room-2', 'room-3', 'other', 'quiet'];
      await bus.append(event('quiet'));
      // Some speak all the time, some hardly ever.
      for (let i = 0; i < 300; i++) await bus.append(event(names[next(1 + next(6))] as string, String(i)));
      const { events: all } = await bus.since({ channels: ['*'], after: 0, limit: 1000 });
      const wishes = [
        ['a'],
        ['*'],
        ['room-*'],
        ['room-*', 'room-1', 'a'],
        ['quiet', 'b'],
        ['q*', '*-3', 'none'],
      ];
      for (const channels of wishes) {
        for (const count of [1, 2, 7, 1000]) {
          for (const limit of [1, 3, 10, 1000]) {
            for (const upTo of [301, 250, 40, 1, 0]) {
              const asked = { channels, count, upTo, limit };
              const { events } = await bus.latest(asked);
              assert.deepEqual(numbers(events), expected(all, asked), JSON.stringify(asked));
            }
          }
        }
      }
    });

    test('of thousands of channels are found as of a few', async () => {
      const bus = await open();
      const channels = 2_500;
      // Each has spoken twice, and last in the opposite order: the newest of one is between those of others.
      await Promise.all(Array.from({ length: channels }, (_, i) => bus.append(event(`c${i}`))));
      await Promise.all(
        Array.from({ length: channels }, (_, i) => bus.append(event(`c${channels - 1 - i}`))),
      );
      const all = (count: number, limit: number, upTo = 2 * channels) =>
        bus.latest({ channels: ['*'], count, limit, upTo }).then(({ events }) => numbers(events));
      const from = (first: number, length: number) => Array.from({ length }, (_, i) => first + i);
      assert.deepEqual(await all(1000, 1000), from(4001, 1000));
      assert.deepEqual(await all(1, 1000), from(4001, 1000));
      assert.deepEqual(await all(2, 10), from(4991, 10));
      assert.deepEqual(await all(1, 1000, channels), from(1501, 1000));
      assert.deepEqual(await all(1000, 1000, 1200), from(201, 1000));
    });

    test('where each channel has all that is newer than the one before, are found a piece at a time', async () => {
      const bus = await open();
      for (let block = 0; block < 8; block++)
        await Promise.all(Array.from({ length: 600 }, () => bus.append(event(`c${block}`))));
      for (let block = 7; block >= 0; block--) await bus.append(event(`c${block}`));
      const { events } = await bus.latest({ channels: ['*'], count: 1000, upTo: 4808, limit: 1000 });
      assert.deepEqual(
        numbers(events),
        Array.from({ length: 1000 }, (_, i) => 3809 + i),
      );
    });

    test('fill a page at most, from the newest on without a hole, and one is always among them', async () => {
      const bus = await open();
      const big = 'x'.repeat(65_536);
      for (let i = 0; i < 24; i++) {
        await bus.append(event(`c${i % 3}`, big));
        await bus.append(event('small', 'x'));
      }
      const seen: number[] = [];
      for (let upTo = 48; upTo > 0; ) {
        const { events } = await bus.latest({ channels: ['*'], count: 1000, upTo, limit: 1000 });
        const bytes = events.reduce((sum, { data }) => sum + data.length, 0);
        assert.ok(bytes <= PAGE_BYTES, String(bytes));
        assert.ok(events.length >= Math.min(upTo, 20), String(events.length));
        seen.unshift(...numbers(events));
        upTo = (events[0]?.n ?? 1) - 1;
      }
      assert.deepEqual(
        seen,
        Array.from({ length: 48 }, (_, i) => i + 1),
      );
      const { events } = await bus.latest({ channels: ['c*'], count: 1, upTo: 47, limit: 1 });
      assert.deepEqual(numbers(events), [47]);
    });

    test('have no hole where some that were just too many are followed by older ones of other channels', async () => {
      const bus = await open();
      const data = 'x'.repeat(1100);
      await Promise.all(Array.from({ length: 50 }, () => bus.append(event('old', data))));
      for (let i = 0; i < 900; i++)
        await Promise.all(['c1', 'c2', 'c3'].map((channel) => bus.append(event(channel, data))));
      const { events } = await bus.latest({ channels: ['*'], count: 1000, upTo: 2750, limit: 1000 });
      assert.ok(events.length > 900, String(events.length));
      assert.deepEqual(
        numbers(events),
        events.map((_, i) => 2751 - events.length + i),
      );
    });

    test('are not those that have left their log', async () => {
      const bus = await open({ logLength: 2 });
      for (const channel of ['a', 'b', 'a', 'a']) await bus.append(event(channel));
      const { events } = await bus.latest({ channels: ['*'], count: 3, upTo: 3, limit: 9 });
      assert.deepEqual(numbers(events), [2, 3]);
    });
  });
}

contract('memory', async (limits) => {
  const bus = new MemoryBus(limits, new MemoryBoard().pressCounts);
  await bus.start();
  return bus;
});

describe('on a real Redis', () => {
  const redis = useRedis();

  contract('Redis', async (limits) => {
    await redis().command('FLUSHALL');
    const link = new RedisLink({ url: redis().url, sentinels: undefined, prefix: 'pinstream:' }, silentLog);
    const bus = new RedisBus(link, limits);
    const listening = new Promise<void>((open) => {
      void bus.start({ open: () => open(), event() {}, advance() {}, gap() {} });
    });
    await listening;
    return bus;
  });
});
