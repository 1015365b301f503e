import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { NewEvent } from '../../src/contract/event.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { post, request } from '../support/request.ts';
import { Stream } from '../support/stream.ts';

interface Log {
  readonly cursor: string;
  readonly events: { id: string; channel: string; event: string; data: string; at: number }[];
  readonly gap: object[] | null;
}

function event(channel: string, data: string): NewEvent {
  return { channel, name: 'message', data, at: 1763668800123.456 };
}

describe('GET /events', () => {
  let app: TestApp;
  let epoch: string;
  before(async () => {
    app = await startApp({ LOG_LENGTH: '5' });
    for (let n = 1; n <= 12; n++)
      ({ epoch } = await app.store.bus.append(event(n % 2 ? 'odd' : 'even', String(n))));
  });
  after(() => app.stop());

  const read = async (query: string) => (await request(`${app.url}/events?${query}`)).json as Log;
  const data = ({ events }: Log) => events.map((one) => one.data);

  test('is the log of a channel, whole events with their ids', async () => {
    const { events, cursor, gap } = await read('channel=odd');
    assert.deepEqual(events[0], {
      id: `${epoch}-3`,
      channel: 'odd',
      event: 'message',
      data: '3',
      at: 1763668800123.456,
    });
    assert.deepEqual(
      events.map((one) => one.data),
      ['3', '5', '7', '9', '11'],
    );
    assert.equal(cursor, `${epoch}-12`);
    assert.equal(gap, null, 'who has no cursor has missed nothing');
  });

  test('goes on after a cursor, page by page, over several channels and patterns', async () => {
    const all: string[] = [];
    let cursor = `${epoch}-5`;
    for (let pages = 0; pages < 10; pages++) {
      const page = await read(`channels=odd,ev*&limit=3&since=${cursor}`);
      all.push(...data(page));
      cursor = page.cursor;
      if (page.events.length === 0) break;
    }
    assert.deepEqual(all, ['6', '7', '8', '9', '10', '11', '12']);
    assert.equal(cursor, `${epoch}-12`);
  });

  test('tells what was missed, and only that', async () => {
    assert.deepEqual((await read(`channel=odd&since=${epoch}-0`)).gap, [
      { channel: 'odd', until: `${epoch}-1`, certain: true },
    ]);
    assert.equal((await read(`channel=odd&since=${epoch}-1`)).gap, null);
    const foreign = await read('channel=odd&since=zzzzzz-99');
    assert.deepEqual(foreign.gap, [{ reason: 'epoch' }]);
    assert.deepEqual(data(foreign), ['3', '5', '7', '9', '11']);
  });

  test('with wait: answers as soon as something comes, to all who wait', async () => {
    const waiting = Array.from({ length: 5 }, () => read(`channel=new&wait=30&since=${epoch}-12`));
    let metrics = '';
    while (!metrics.includes('pinstream_requests 6\n')) metrics = (await request(`${app.url}/metrics`)).text;
    await app.store.bus.append(event('other', 'not this'));
    const { n } = await app.store.bus.append(event('new', 'this'));
    for (const page of await Promise.all(waiting)) {
      assert.deepEqual(data(page), ['this']);
      assert.equal(page.cursor, `${epoch}-${n}`);
    }
  });

  test('with wait: answers at once when there is something already', async () => {
    assert.deepEqual(data(await read(`channel=even&wait=30&since=${epoch}-10`)), ['12']);
  });

  test('with wait: answers nothing when the time is over, with a cursor to go on from', async () => {
    const page = await read(`channel=never&wait=1&since=${epoch}-12`);
    assert.deepEqual(page.events, []);
    assert.equal(page.gap, null);
    assert.match(page.cursor, new RegExp(`^${epoch}-1[2-9]$`));
  });

  test('with wait: takes a place as a stream does', async () => {
    const other = await startApp({ MAX_STREAMS: '2' });
    const { epoch: word } = await other.store.bus.position();
    const waiting = [1, 2].map(() => request(`${other.url}/events?channel=a&wait=60&since=${word}-0`));
    let metrics = '';
    while (!metrics.includes('pinstream_streams 2\n')) metrics = (await request(`${other.url}/metrics`)).text;
    const third = await request(`${other.url}/events?channel=a&wait=60&since=${word}-0`);
    assert.equal(third.status, 503);
    assert.match(third.text, /too many streams here/);
    await other.store.bus.append(event('a', 'x'));
    await Promise.all(waiting);
    await other.stop();
  });

  test('with wait: ends when the app stops', async () => {
    const other = await startApp();
    const { epoch: word } = await other.store.bus.position();
    const waiting = request(`${other.url}/events?channel=a&wait=60&since=${word}-0`);
    let metrics = '';
    while (!metrics.includes('pinstream_requests 2\n'))
      metrics = (await request(`${other.url}/metrics`)).text;
    await other.stop();
    assert.deepEqual(((await waiting).json as Log).events, []);
  });
});

describe('POST /events', () => {
  let app: TestApp;
  before(async () => {
    app = await startApp();
  });
  after(() => app.stop());

  test('answers with the id and who listens; data that is no text is kept as JSON', async () => {
    const stream = await Stream.open(`${app.url}/stream?channel=a`);
    await stream.until('"open"');
    const { status, json } = await post(`${app.url}/events`, {
      channel: 'a',
      event: 'e',
      data: { x: [1, null] },
    });
    const { id, ...rest } = json as { id: string };
    assert.equal(status, 201);
    assert.deepEqual(rest, { streams: 1 });
    await stream.until(`id: ${id}\nevent: e\ndata: {"x":[1,null]}\n\n`);
    stream.close();
  });

  test('keeps an event with a key once', async () => {
    const first = await post(`${app.url}/events`, { channel: 'k', data: 'x', key: 'once' });
    const second = await post(`${app.url}/events`, { channel: 'k', data: 'x', key: 'once' });
    const { id } = first.json as { id: string };
    assert.deepEqual(second.json, { id, streams: 0, duplicate: true });
    assert.equal((await app.store.bus.since({ channels: ['k'], after: 0 })).events.length, 1);
  });

  test('takes up to a hundred in an array, in their order', async () => {
    const all = Array.from({ length: 100 }, (_, i) => ({ channel: 'many', data: String(i) }));
    const { status, json } = await post(`${app.url}/events`, all);
    assert.equal(status, 201);
    assert.equal((json as object[]).length, 100);
    const { events } = await app.store.bus.since({ channels: ['many'], after: 0 });
    assert.deepEqual(
      events.map(({ data }) => data),
      all.map(({ data }) => data),
    );
  });

  test('keeps their order, however long it takes to find out who may publish what', async () => {
    let first = true;
    const authorize = async () => {
      if (!first) return true;
      first = false;
      await new Promise((done) => setImmediate(() => setImmediate(done)));
      return true;
    };
    const slow = await startApp({}, { authorize });
    await post(
      `${slow.url}/events`,
      [1, 2, 3].map((data) => ({ channel: 'a', data })),
    );
    const { events } = await slow.store.bus.since({ channels: ['a'], after: 0 });
    assert.deepEqual(
      events.map(({ data }) => data),
      ['1', '2', '3'],
    );
    await slow.stop();
  });

  test('says so when the store is full', async () => {
    const small = await startApp({ STORE_BYTES: '100' });
    const answer = await post(`${small.url}/events`, { channel: 'a', data: 'x'.repeat(200) });
    assert.equal(answer.status, 507);
    assert.match(answer.text, /The store is full: raise STORE_BYTES/);
    await small.stop();
  });
});

describe('the rest', () => {
  let app: TestApp;
  before(async () => {
    app = await startApp();
  });
  after(() => app.stop());

  test('the page and its files, with a policy under which no event can become a script', async () => {
    for (const [path, type, usedBy] of [
      ['/', 'text/html; charset=utf-8', 'same-origin'],
      ['/test', 'text/html; charset=utf-8', 'same-origin'],
      ['/pinstream.js', 'text/javascript; charset=utf-8', 'cross-origin'],
      ['/assets/page/style.css', 'text/css; charset=utf-8', 'same-origin'],
    ]) {
      const { status, headers } = await request(`${app.url}${path}`);
      assert.equal(status, 200, path);
      assert.equal(headers['content-type'], type);
      assert.match(String(headers['content-security-policy']), /^default-src 'self';/);
      assert.equal(headers['x-content-type-options'], 'nosniff');
      assert.equal(headers['cross-origin-resource-policy'], usedBy);
      // Browsers complain of it where they don't take it.
      assert.equal(headers['cross-origin-opener-policy'], undefined);
      const again = await request(`${app.url}${path}`, {
        headers: { 'If-None-Match': String(headers.etag) },
      });
      assert.equal(again.status, 304);
    }
  });

  test('health, readiness and metrics', async () => {
    assert.deepEqual((await request(`${app.url}/healthz`)).json, { status: 'ok' });
    assert.deepEqual((await request(`${app.url}/readyz`)).json, { ready: true });
    const { headers, text } = await request(`${app.url}/metrics`);
    assert.match(headers['content-type'] ?? '', /^text\/plain/);
    assert.match(text, /^pinstream_streams 0$/m);
    assert.match(text, /^pinstream_store_ready 1$/m);
  });

  test('the device before any sidecar has spoken', async () => {
    assert.deepEqual((await request(`${app.url}/pins`)).json, {
      state: 'offline',
      driver: null,
      pins: [],
      at: null,
    });
  });
});
