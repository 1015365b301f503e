import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectPublisher } from '../../../src/bus/sendEvent.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { readSettings } from '../../../src/lib/settings.ts';
import { request } from '../../support/request.ts';
import { appFor, appOnRedis, type SeedApp } from './setup.ts';

/** Flask-SSE: named events from Redis. */

test('S2.1 the stream is one address, for GET alone', async (t) => {
  const app = await appFor(t);
  const answer = await request(`${app.url}/stream`, { method: 'POST' });
  assert.equal(answer.status, 405);
  assert.equal(answer.headers.allow, 'HEAD, GET');
});

test('S2.2 `channel` is the Redis channel, verbatim, and `sse` without it', async (t) => {
  const app = await appOnRedis(t);
  const odd = 'Room 1/ä?&=+%2F:[x]';
  const streams = [
    [await app.stream('/stream'), 'sse'],
    [await app.stream(`/stream?channel=${encodeURIComponent(odd)}`), odd],
  ] as const;
  for (const [, channel] of streams) await app.redisPublish(channel, `on ${channel}`);
  for (const [stream, channel] of streams) await stream.until(`data: on ${channel}\n\n`);
  assert.equal(streams[0][0].events, `id: ${app.id(1)}\ndata: on sse\n\n`);
  assert.equal(streams[1][0].events, `id: ${app.id(2)}\ndata: on ${odd}\n\n`);
});

test("S2.3 a PUBLISH of Flask-SSE's own reaches the page as a named event", async (t) => {
  const app = await appOnRedis(t);
  const page = await app.client('/stream?channel=logs', 'myevent', 'message');
  await app.redisPublish('logs', '["myevent", "{\\"line\\": \\"Something happened\\"}"]');
  await page.until(1);
  assert.deepEqual(page.heard, [{ name: 'myevent', data: '{"line": "Something happened"}', id: app.id(1) }]);
});

test('S2.3 sendEvent does what send_event did', async (t) => {
  const app = await appOnRedis(t);
  const { settings } = readSettings({ REDIS_URL: app.redis.url });
  const publisher = await connectPublisher({ settings, log: silentLog });
  t.after(() => publisher.close());
  const [logs, sse] = [await app.stream('/stream?channel=logs'), await app.stream('/stream')];
  const line = JSON.stringify({ line: 'Something happened' });
  assert.equal(await publisher.sendEvent('myevent', line, { channel: 'logs' }), app.id(1));
  assert.equal(await publisher.sendEvent('myevent', 'Hello!'), app.id(2));
  await logs.until('happened"}\n\n');
  await sse.until('Hello!\n\n');
  assert.equal(logs.events, `id: ${app.id(1)}\nevent: myevent\ndata: {"line":"Something happened"}\n\n`);
  assert.equal(sse.events, `id: ${app.id(2)}\nevent: myevent\ndata: Hello!\n\n`);
});

test('S2.4 the bytes, from the first one on: `retry:`, where the stream is, `event:` and a `data:` for each line', async (t) => {
  const app = await appOnRedis(t);
  const stream = await app.stream('/stream');
  await app.redisPublish('sse', JSON.stringify(['myevent', 'one\ntwo\r\nthree ✓ 😀']));
  await stream.until('three ✓ 😀\n\n');
  const [retry, position, open, event, ...rest] = stream.text.split('\n\n');
  const milliseconds = Number(/^retry: (\d+)$/.exec(retry as string)?.[1]);
  assert.ok(milliseconds >= 2000 && milliseconds <= 4000, retry);
  assert.equal(position, `id: ${app.id(0)}`);
  const [block, said] = /^id: \S+\nevent: pinstream\ndata: (.*)$/.exec(open as string) ?? [];
  assert.equal(block, `${position}\nevent: pinstream\ndata: ${said}`);
  const { type, cursor, channels } = JSON.parse(said as string) as Record<string, unknown>;
  assert.deepEqual([type, cursor, channels], ['open', app.id(0), ['sse']]);
  assert.equal(event, `id: ${app.id(1)}\nevent: myevent\ndata: one\ndata: two\ndata: three ✓ 😀`);
  assert.deepEqual(rest, ['']);
});

test('S2.5 data may be a list: each item, and each line of it, is a `data:` line of its own', async (t) => {
  const app = await appOnRedis(t);
  const stream = await app.stream('/stream');
  await app.redisPublish('sse', '["myevent", ["one", "two\\nthree", ""]]');
  await stream.until((text) => text.endsWith('data: \n\n'));
  assert.equal(
    stream.events,
    `id: ${app.id(1)}\nevent: myevent\ndata: one\ndata: two\ndata: three\ndata: \n\n`,
  );
});

test('S2.7 the content type names UTF-8, and nobody may keep a copy', async (t) => {
  const app = await appFor(t);
  const { headers } = await app.stream('/stream');
  assert.equal(headers['content-type'], 'text/event-stream; charset=utf-8');
  assert.equal(headers['cache-control'], 'no-cache, no-transform');
  assert.equal(headers['access-control-allow-origin'], undefined);
});

test('S2.8 REDIS_URL chooses host, port and database', async (t) => {
  const one = await appOnRedis(t);
  const other = await appFor(t, { REDIS_URL: `${one.redis.url}/3`, ADOPT: '*' });
  await one.publish('sse', 'in database 0');
  const [here, there] = [await one.stream('/stream?last=9'), await other.stream('/stream?last=9')];
  // A PUBLISH knows no databases: it reaches both.
  await one.redisPublish('sse', 'to all');
  await here.until('to all\n\n');
  await there.until('to all\n\n');
  assert.equal(here.text.match(/^data: [a-z].*$/gm)?.join(), 'data: in database 0,data: to all');
  assert.equal(there.text.match(/^data: [a-z].*$/gm)?.join(), 'data: to all');
});

test('S2.9 a hook refuses with 403 before anything is streamed', async (t) => {
  const isAdmin = (cookie = '') => cookie.includes('user=admin');
  const app = await appFor(
    t,
    {},
    {
      authorize: ({ headers }, right, channel) =>
        right === 'write' || channel !== 'firehose' || isAdmin(headers.cookie),
    },
  );
  assert.deepEqual(await app.refused('/stream?channel=firehose', 403), {
    error: 'You may not listen to "firehose".',
    field: 'channel',
  });
  const admin = await app.stream('/stream?channel=firehose', { cookie: 'user=admin' });
  assert.equal(admin.status, 200);
  assert.equal((await app.stream('/stream?channel=logs')).status, 200);
});

test('S2.9 so does a rule, which needs no code', async (t) => {
  const app = await appFor(t, { ACCESS_RULES: 'allow read firehose to s3cret' });
  await app.refused('/stream?channel=firehose', 401);
  await app.refused('/stream?channel=firehose&access_token=wrong', 403);
  assert.equal((await app.stream('/stream?channel=firehose&access_token=s3cret')).status, 200);
});

/** What made each subscriber of Flask-SSE raise, and what it is here. */
const MALFORMED: [payload: string, data: string][] = [
  ['hello', 'hello'],
  ['{broken', '{broken'],
  ['', ''],
  ['42', '42'],
  ['null', 'null'],
  ['"text"', '"text"'],
  ['[]', '[]'],
  ['["alone"]', '["alone"]'],
  ['["one", "two", "three"]', '["one", "two", "three"]'],
  ['["myevent", {"message": "a dict"}]', '["myevent", {"message": "a dict"}]'],
  ['["myevent", null]', '["myevent", null]'],
  ['[null, "data"]', '[null, "data"]'],
  ['["two\\nlines", "data"]', '["two\\nlines", "data"]'],
  ['{"message": "no data"}', '{"message": "no data"}'],
  ['["open", "a name of EventSource itself"]', 'a name of EventSource itself'],
];

test('S2.11 no payload ends a stream: what is malformed is a message', async (t) => {
  const app = await appOnRedis(t);
  const page = await app.client('/stream', 'message', 'myevent');
  for (const [payload] of MALFORMED) await app.redisPublish('sse', payload);
  await app.redisPublish('sse', '["myevent", "the stream lives"]');
  await page.until(MALFORMED.length + 1);
  assert.deepEqual(
    page.heard.map(({ name, data }) => [name, data]),
    [...MALFORMED.map(([, data]) => ['message', data]), ['myevent', 'the stream lives']],
  );
  // EventSource would have come back by itself, and missed nothing.
  assert.equal(await streamsOpened(app), 1);
});

test('S2.11 empty data is an event too', async (t) => {
  const app = await appFor(t);
  const page = await app.client('/stream', 'myevent');
  await app.publish('sse', '["myevent", ""]');
  await page.until(1);
  assert.deepEqual(page.heard, [{ name: 'myevent', data: '', id: app.id(1) }]);
});

test('S2.11 what was missed while away follows at the return, each event once', async (t) => {
  const app = await appFor(t);
  for (const data of ['one', 'two', 'three']) await app.publish('sse', data);
  const back = await app.stream('/stream', { 'Last-Event-ID': app.id(1) });
  await app.publish('sse', 'four');
  await back.until('four\n\n');
  assert.equal(
    back.events,
    `id: ${app.id(2)}\ndata: two\n\nid: ${app.id(3)}\ndata: three\n\nid: ${app.id(3)}\n\nid: ${app.id(4)}\ndata: four\n\n`,
  );
});

test('S2.11 a hundred subscribers use no connection to Redis of their own', async (t) => {
  const app = await appOnRedis(t);
  const count = async () => {
    const list = (await app.redis.command('CLIENT', 'LIST')) as string;
    return list.trim().split('\n').length;
  };
  const before = await count();
  const streams = await Promise.all(
    Array.from({ length: 100 }, (_, i) => app.stream(`/stream?channel=c${i}`)),
  );
  await app.redisPublish('c99', 'heard');
  await streams.at(-1)?.until('heard');
  assert.equal(await count(), before);
});

/** How many streams have ever been opened. */
async function streamsOpened(app: SeedApp): Promise<number> {
  const { text } = await request(`${app.url}/metrics`);
  return Number(/^pinstream_streams_opened_total\{.*\} (\d+)$/m.exec(text)?.[1]);
}
