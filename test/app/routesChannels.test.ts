import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startApp } from '../support/app.ts';
import { ready } from '../support/ready.ts';
import { TestRedis } from '../support/redis.ts';
import { request } from '../support/request.ts';
import { Stream } from '../support/stream.ts';

interface Listing {
  readonly channels: { channel: string; streams: number; length: number; last: string | null }[];
  readonly next: string | null;
}

describe('GET /channels', () => {
  test('is whole: what has events, what is listened to, sorted', async (t) => {
    const app = await startApp();
    t.after(() => app.stop());
    const { epoch } = await app.store.bus.position();
    for (const channel of ['b', 'room-1', 'b'])
      await app.store.bus.append({ channel, name: 'message', data: 'x', at: 0 });
    const stream = await Stream.open(`${app.url}/stream?channel=a&channel=room-*`);
    await stream.until('"open"');
    assert.deepEqual((await request(`${app.url}/channels`)).json, {
      channels: [
        { channel: 'a', streams: 1, length: 0, last: null },
        { channel: 'b', streams: 0, length: 2, last: `${epoch}-3` },
        { channel: 'room-1', streams: 1, length: 1, last: `${epoch}-2` },
      ],
      next: null,
    });
    stream.close();
  });

  test('comes in pages: of ten thousand channels each once, those with events with their lengths', async (t) => {
    const redis = await TestRedis.start();
    t.after(() => redis.stop());
    const app = await startApp({ REDIS_URL: redis.url });
    t.after(() => app.stop());
    await ready(app.url);
    const names = Array.from({ length: 10_000 }, (_, i) => `c${i}`);
    await Promise.all(
      names.map((channel) => app.store.bus.append({ channel, name: 'message', data: 'x', at: 0 })),
    );
    const listed: string[] = [];
    let query = '';
    for (let pages = 1; ; pages++) {
      const { channels, next } = (await request(`${app.url}/channels${query}`)).json as Listing;
      assert.ok(channels.length <= 1_000, String(channels.length));
      listed.push(...channels.map(({ channel }) => channel));
      assert.ok(
        channels.every(({ length, last }) => length === 1 && last !== null),
        'each with its length',
      );
      if (next === null) break;
      assert.equal(next, listed.at(-1));
      query = `?after=${next}`;
      assert.ok(pages < 10, 'ten pages are enough');
    }
    assert.deepEqual(listed, names.sort());
    const all = (await request(`${app.url}/channels?limit=10000`)).json as Listing;
    assert.deepEqual([all.channels.length, all.next], [10_000, null]);
  });

  test('a page is full of what the asker may read', async (t) => {
    const app = await startApp({ ACCESS_RULES: 'allow read open-* to anyone; allow read * to t0ken' });
    t.after(() => app.stop());
    for (let i = 0; i < 300; i++) {
      const channel = `${i % 2 ? 'open' : 'closed'}-${i}`;
      await app.store.bus.append({ channel, name: 'message', data: 'x', at: 0 });
    }
    const read = async (query: string) => (await request(`${app.url}/channels?${query}`)).json as Listing;
    const first = await read('limit=100');
    assert.deepEqual([first.channels.length, first.next], [100, first.channels.at(-1)?.channel]);
    const rest = await read(`limit=100&after=${first.next}`);
    assert.deepEqual([rest.channels.length, rest.next], [50, null]);
    assert.ok(
      [...first.channels, ...rest.channels].every(({ channel }) => channel.startsWith('open-')),
      'only what is open',
    );
    assert.equal((await read('access_token=t0ken')).channels.length, 300);
  });

  test('says which limits there are', async (t) => {
    const app = await startApp();
    t.after(() => app.stop());
    const { status, json } = await request(`${app.url}/channels?limit=10001`);
    assert.equal(status, 400);
    assert.deepEqual(json, { error: '"limit" must be a whole number from 1 to 10000.', field: 'limit' });
  });
});
