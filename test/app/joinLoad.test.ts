import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { matches } from '../../src/contract/channel.ts';
import { startApp } from '../support/app.ts';
import { ready } from '../support/ready.ts';
import { TestRedis } from '../support/redis.ts';
import { Stream } from '../support/stream.ts';

const CHANNELS = ['a', 'b', 'room-1', 'room-2', 'room-1-door'];
const WISHES = [['a'], ['b', 'a'], ['room-*'], ['*'], ['*1*', 'a'], ['room-*-door', 'b']];
const READERS = 24;
const LATE_EVENTS = 40;

/** The same numbers for the same seed (mulberry32). */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

/** Readers that come at any moment, with any cursor and channels, while events are appended as fast as it goes. */
async function pourOver(settings: Record<string, string>, seed: number): Promise<void> {
  // So little may wait for a joining reader that it has to make lap after lap.
  const app = await startApp({ LOG_LENGTH: '100000', CLIENT_BUFFER: '1KiB', ...settings });
  await ready(app.url);
  const { bus } = app.store;
  const pick = random(seed);
  const channelOf: string[] = [''];
  const { epoch } = await bus.position();
  let going = true;
  const pour = async () => {
    while (going) {
      await turn();
      const batch = Array.from({ length: 1 + pick(20) }, () => CHANNELS[pick(CHANNELS.length)] as string);
      const kept = await Promise.all(
        batch.map((channel) => bus.append({ channel, name: 'message', data: channel, at: 0 })),
      );
      kept.forEach(({ n }, i) => {
        channelOf[n] = batch[i] as string;
      });
    }
  };
  const pouring = pour();
  const readers: { stream: Stream; wish: readonly string[]; after: number }[] = [];
  for (let i = 0; i < READERS; i++) {
    for (let wait = pick(20); wait > 0; wait--) await turn();
    const wish = WISHES[pick(WISHES.length)] as readonly string[];
    const { n } = await bus.position();
    const after = Math.max(0, n - pick(pick(2) === 0 ? 300 : n + 1));
    const query = wish.map((one) => `channel=${encodeURIComponent(one)}`).join('&');
    const stream = await Stream.open(`${app.url}/stream?${query}`, { 'Last-Event-ID': `${epoch}-${after}` });
    readers.push({ stream, wish, after });
  }
  going = false;
  await pouring;
  for (let i = 0; i < LATE_EVENTS; i++) {
    const channel = CHANNELS[i % CHANNELS.length] as string;
    const { n } = await bus.append({ channel, name: 'message', data: channel, at: 0 });
    channelOf[n] = channel;
  }
  for (const { stream, wish, after } of readers) {
    const expected: string[] = [];
    for (let n = after + 1; n < channelOf.length; n++) {
      const channel = channelOf[n] as string;
      if (wish.some((one) => matches(one, channel))) expected.push(`${n} ${channel}`);
    }
    const last = expected.at(-1)?.replace(' ', '\ndata: ');
    await stream.until((text) => text.includes(`id: ${epoch}-${last}\n\n`) || text.includes('"gap"'));
    const heard = [...stream.text.matchAll(/^id: \w+-(\d+)\ndata: (.*)\n\n/gm)];
    assert.deepEqual(
      heard.map(([, n, data]) => `${n} ${data}`),
      expected,
      `${wish} after ${after}, seed ${seed}`,
    );
    assert.doesNotMatch(stream.text, /"gap"/);
    stream.close();
  }
  await app.stop();
}

describe('joining at any moment, anywhere, while events pour in', () => {
  for (const seed of [1, 2, 3]) {
    test(`each reader hears exactly what it has not: in memory, seed ${seed}`, () => pourOver({}, seed));
  }

  test('each reader hears exactly what it has not: in Redis', async () => {
    const redis = await TestRedis.start();
    for (const seed of [4, 5]) {
      await redis.command('FLUSHALL');
      await pourOver({ REDIS_URL: redis.url }, seed);
    }
    await redis.stop();
  });
});
