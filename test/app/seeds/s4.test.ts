import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '../../support/ready.ts';
import { request } from '../../support/request.ts';
import { Stream } from '../../support/stream.ts';
import { appFor, appOnRedis, publishForm } from './setup.ts';

/** cyclone_sse: messages without names, several channels, long polls for who cannot stream. */

const POLLING = { 'X-Requested-With': 'XMLHttpRequest' };

test('S4.1 `channels` is repeated for each channel, and what else stands there is ignored', async (t) => {
  const app = await appFor(t);
  const stream = await app.stream('/?channels=a&channels=b&uuid=5e0d9a4c-0f5e-4f6a-9a34-6a5d4c0b9f11');
  await app.publish('a', 'on a');
  await app.publish('c', 'on c');
  await app.publish('b', 'on b');
  await stream.until('on b\n\n');
  assert.equal(stream.events, `id: ${app.id(1)}\ndata: on a\n\nid: ${app.id(3)}\ndata: on b\n\n`);
});

test('S4.1 without channels /sse/ is a 400, and / is the page', async (t) => {
  const app = await appFor(t);
  assert.deepEqual(await app.refused('/sse/', 400), {
    error: 'Say which channels: /sse/?channels=a&channels=b',
    field: 'channels',
  });
  const page = await request(app.url);
  assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
});

test('S4.2 the headers', async (t) => {
  const app = await appFor(t, { CORS_ORIGINS: '*' });
  const { headers } = await app.stream('/sse/?channels=base', { Origin: 'http://elsewhere.example' });
  assert.equal(headers['content-type'], 'text/event-stream; charset=utf-8');
  assert.equal(headers['cache-control'], 'no-cache, no-transform');
  assert.equal(headers.connection, 'keep-alive');
  assert.equal(headers['access-control-allow-origin'], '*');
});

test('S4.3 the bytes, from the first one on: only `id:` and `data:`, the message verbatim', async (t) => {
  const app = await appOnRedis(t);
  const stream = await app.stream('/sse/?channels=base');
  await app.redisPublish('base', '[1, 2, 3]');
  await app.redisPublish('base', '{"a" : 12345678901234567890}');
  await stream.until('890}\n\n');
  const [retry] = /^retry: [234]\d{3}\n\n/.exec(stream.text) ?? [];
  assert.equal(
    stream.text,
    `${retry}id: ${app.id(0)}\n\nid: ${app.id(1)}\ndata: [1, 2, 3]\n\nid: ${app.id(2)}\ndata: {"a" : 12345678901234567890}\n\n`,
  );
});

test('S4.4 a type of the application\'s own stands in the message, `["your_event_type", "data"]`', async (t) => {
  const app = await appOnRedis(t);
  const stream = await app.stream('/sse/?channels=base');
  await app.redisPublish('base', '["your_event_type", "data"]');
  await app.redisPublish('base', '{"data": "data", "type": "your_event_type"}');
  await stream.until('type"}\n\n');
  assert.equal(
    stream.events,
    `id: ${app.id(1)}\ndata: ["your_event_type", "data"]\n\nid: ${app.id(2)}\ndata: {"data": "data", "type": "your_event_type"}\n\n`,
  );
});

test('S4.4 what was published here by name comes in the same form', async (t) => {
  const app = await appFor(t, {}, { mock: true });
  const page = await app.client('/sse/?channels=button', 'message');
  await app.press();
  await page.until(1);
  const [name, data] = JSON.parse(page.heard[0]?.data ?? '') as [string, string];
  assert.equal(name, 'press');
  assert.equal(JSON.parse(data).press, 1);
});

test('S4.5 the heartbeat is `: sse ping`', async (t) => {
  const app = await appFor(t, { HEARTBEAT: '50ms' });
  const stream = await app.stream('/sse/?channels=base');
  await stream.until((text) => text.endsWith(': sse ping\n\n: sse ping\n\n'));
  assert.match(stream.text, new RegExp(`^retry: \\d{4}\n\nid: ${app.id(0)}\n\n(: sse ping\n\n){2,}$`));
});

test('S4.6 a long poll ends after the first event', async (t) => {
  const app = await appFor(t);
  let over = false;
  const answer = request(`${app.url}/sse/?channels=base`, { headers: POLLING }).finally(() => {
    over = true;
  });
  // Nobody can see from outside when it has begun to listen.
  while (!over) await app.publish('base', '[1, 2, 3]');
  const { status, headers, text } = await answer;
  assert.equal(status, 200);
  assert.equal(headers['content-type'], 'text/event-stream; charset=utf-8');
  const [, n] = /^id: \w+-(\d+)\n/.exec(text) ?? [];
  assert.equal(text, `id: ${app.id(Number(n))}\ndata: [1, 2, 3]\n\n`);
});

test('S4.6 or at the heartbeat', async (t) => {
  const app = await appFor(t, { HEARTBEAT: '50ms' });
  const asked = performance.now();
  const { text } = await request(`${app.url}/sse/?channels=base`, { headers: POLLING });
  assert.equal(text, `id: ${app.id(0)}\n\n: sse ping\n\n`);
  assert.ok(performance.now() - asked < 5_000, 'not at the default of 15 s');
});

test('S4.7 Last-Event-ID brings what was missed on the channels that are asked for', async (t) => {
  const app = await appFor(t);
  for (const channel of ['a', 'b', 'c', 'a']) await app.publish(channel, `on ${channel}`);
  const stream = await app.stream('/sse/?channels=a&channels=b', { 'Last-Event-ID': app.id(1) });
  await stream.until(`id: ${app.id(4)}\n\n`);
  assert.match(stream.text, new RegExp(`^retry: \\d{4}\n\nid: ${app.id(1)}\n\n`));
  assert.equal(
    stream.events,
    `id: ${app.id(2)}\ndata: on b\n\nid: ${app.id(4)}\ndata: on a\n\nid: ${app.id(4)}\n\n`,
  );
});

test('S4.7 the only client of a channel misses nothing while it is away', async (t) => {
  const app = await appFor(t);
  const first = await app.stream('/sse/?channels=base');
  await app.publish('base', 'one');
  await first.until('one\n\n');
  first.close();
  await eventually('nobody listens', async () => (await request(`${app.url}/stats`)).text === '[]');
  await app.publish('base', 'two');
  const second = await app.stream('/sse/?channels=base', { 'Last-Event-ID': app.id(1) });
  await second.until('two\n\n');
  assert.equal(second.events.startsWith(`id: ${app.id(2)}\ndata: two\n\n`), true);
});

test('S4.7 an id of another server brings all that the log has', async (t) => {
  const app = await appFor(t);
  await app.publish('base', 'one');
  const id = '0c4b0f0e-6f0c-4f5c-8d8e-1f3c5a7b9d1e';
  const stream = await app.stream('/sse/?channels=base', { 'Last-Event-ID': id });
  await stream.until('one\n\n');
  assert.equal(stream.events.startsWith(`id: ${app.id(1)}\ndata: one\n\n`), true);
});

test('S4.8 HTTP and Redis publish on the same app, at the same time', async (t) => {
  const app = await appOnRedis(t);
  const stream = await app.stream('/sse/?channels=base');
  await app.redisPublish('base', '[1, 2, 3]');
  await stream.until('[1, 2, 3]\n\n');
  await app.publish('base', '[123, 124]');
  await stream.until('[123, 124]\n\n');
  assert.equal(stream.events, `id: ${app.id(1)}\ndata: [1, 2, 3]\n\nid: ${app.id(2)}\ndata: [123, 124]\n\n`);
});

test('S4.9 POST /publish answers {"status":"ok"}, for one channel and for several', async (t) => {
  const app = await appFor(t);
  const stream = await app.stream('/sse/?channels=a,b');
  const answer = await publishForm(app.url, [
    ['channel', 'a'],
    ['channel', 'b'],
    ['message', 'é & ü=ö'],
  ]);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8');
  assert.equal(answer.text, '{"status":"ok"}');
  await stream.until(`id: ${app.id(2)}\ndata: é & ü=ö\n\n`);
});

test('S4.9 the key is asked for: 401 without it and with a wrong one', async (t) => {
  const app = await appFor(t, { PUBLISH_OPEN: '0', PUBLISH_KEY: 's3cret' });
  const event = { channel: 'base', message: '[1]' };
  assert.equal((await publishForm(app.url, event)).status, 401);
  assert.equal((await publishForm(app.url, { ...event, key: 'wrong' })).status, 401);
  assert.equal((await publishForm(app.url, { ...event, key: 's3cret' })).status, 200);
});

test('S4.9 a missing channel or message is a 400, and says which', async (t) => {
  const app = await appFor(t);
  for (const [fields, field] of [
    [{ message: 'x' }, 'channel'],
    [{ channel: 'base' }, 'message'],
  ] as const) {
    const answer = await publishForm(app.url, fields);
    assert.equal(answer.status, 400);
    assert.equal((answer.json as { field: string }).field, field);
  }
});

test('S4.9 what nobody listens to is kept', async (t) => {
  const app = await appFor(t);
  await app.publish('base', 'early');
  const stream = await app.stream('/sse/?channels=base&last=1');
  await stream.until('early\n\n');
});

test('S4.11 a pattern hears every channel that it means', async (t) => {
  const app = await appOnRedis(t);
  const stream = await app.stream('/sse/?channels=room-*');
  await app.redisPublish('room-1', 'one');
  await app.redisPublish('hall', 'not this');
  await app.redisPublish('room-2', 'two');
  await stream.until('two\n\n');
  assert.equal(stream.events, `id: ${app.id(1)}\ndata: one\n\nid: ${app.id(3)}\ndata: two\n\n`);
});

test('S4.11 a lost connection to Redis loses no event and ends no stream', async (t) => {
  const app = await appOnRedis(t);
  const stream = await app.stream('/sse/?channels=base');
  await app.publish('base', 'before');
  await stream.until('before\n\n');
  assert.equal(await app.redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub'), 1);
  for (const data of ['between', 'after']) await app.publish('base', data);
  await stream.until('after\n\n');
  assert.equal(
    stream.events,
    ['before', 'between', 'after'].map((data, i) => `id: ${app.id(i + 1)}\ndata: ${data}\n\n`).join(''),
  );
});

test('S4.12 /stats says how many listen to each channel', async (t) => {
  const app = await appFor(t);
  await Promise.all(['cats', 'cats', 'cats&channels=dogs'].map((names) => app.stream(`/?channels=${names}`)));
  const { headers, text } = await request(`${app.url}/stats`);
  assert.equal(headers['content-type'], 'application/json; charset=utf-8');
  assert.equal(text, '[["cats",3],["dogs",1]]');
});

test('S4.15 who only polls, with Last-Event-Id, misses nothing between two polls', async (t) => {
  const app = await appFor(t, { HEARTBEAT: '50ms' });
  let id = '';
  const poll = async () => {
    const headers = { ...POLLING, ...(id && { 'Last-Event-Id': id }) };
    const { text } = await request(`${app.url}/?channels=base`, { headers });
    id = /^id: (.+)$/m.exec(text)?.[1] ?? id;
    return text;
  };
  const polled = [await poll()];
  for (const data of ['one', 'two', 'three']) await app.publish('base', data);
  while (polled.length < 5) polled.push(await poll());
  assert.deepEqual(polled, [
    `id: ${app.id(0)}\n\n: sse ping\n\n`,
    `id: ${app.id(1)}\ndata: one\n\n`,
    `id: ${app.id(2)}\ndata: two\n\n`,
    `id: ${app.id(3)}\ndata: three\n\n`,
    `id: ${app.id(3)}\n\n: sse ping\n\n`,
  ]);
});

test('S4.17 the same is served at / and at /sse/, with the prefix cut off by a proxy or not', async (t) => {
  const app = await appFor(t);
  const streams = await Promise.all(
    ['/', '/sse/', '/sse'].map((path) => app.stream(`${path}?channels=base`)),
  );
  await app.publish('base', '[1, 2, 3]');
  for (const stream of streams) {
    await stream.until('3]\n\n');
    assert.equal(stream.events, `id: ${app.id(1)}\ndata: [1, 2, 3]\n\n`);
  }
});

test('S4.19 an asynchronous hook refuses before anything is streamed', async (t) => {
  const app = await appFor(t, {}, { authorize: async (_request, right) => right === 'write' });
  assert.deepEqual(await app.refused('/sse/?channels=base', 403), {
    error: 'You may not listen to "base".',
    field: 'channel',
  });
});

test('S4.20 each line of a message is a `data:` line', async (t) => {
  const app = await appFor(t);
  const stream = await app.stream('/sse/?channels=base');
  await app.publish('base', 'one\n\nid: forged\r\ndata: three');
  await stream.until('three\n\n');
  assert.equal(stream.events, `id: ${app.id(1)}\ndata: one\ndata: \ndata: id: forged\ndata: data: three\n\n`);
});

test('S4.20 the history survives a restart of the app', async (t) => {
  const one = await appOnRedis(t);
  await one.publish('base', 'before');
  await one.stop();
  const other = await appFor(t, { REDIS_URL: one.redis.url });
  const stream = await Stream.open(`${other.url}/sse/?channels=base`, { 'Last-Event-ID': one.id(0) });
  await stream.until(`id: ${one.id(1)}\ndata: before\n\n`);
  stream.close();
});
