import assert from 'node:assert/strict';
import { test } from 'node:test';
import { post } from '../../support/request.ts';
import { appFor, appOnRedis } from './setup.ts';

/** flask-sse 1.x: events as JSON objects. */

test('S7.1 its payload: the data as it was written, under its type', async (t) => {
  const app = await appOnRedis(t);
  const page = await app.client('/stream', 'greeting', 'message');
  await app.redisPublish(
    'sse',
    '{"data": {"message":  "Hello!", "n": 12345678901234567890}, "type": "greeting"}',
  );
  await app.redisPublish('sse', '{"data": "just text"}');
  await app.redisPublish('sse', '{"data": null, "type": "greeting", "id": "theirs", "retry": 1}');
  await page.until(3);
  assert.deepEqual(page.heard, [
    { name: 'greeting', data: '{"message":  "Hello!", "n": 12345678901234567890}', id: app.id(1) },
    { name: 'message', data: 'just text', id: app.id(2) },
    { name: 'greeting', data: 'null', id: app.id(3) },
  ]);
});

test('S7.1 whoever publishes is told how many listen', async (t) => {
  const app = await appFor(t);
  await Promise.all([
    app.stream('/stream'),
    app.stream('/stream?channels=sse,a'),
    app.stream('/stream?channel=b'),
  ]);
  const event = { channel: 'sse', event: 'greeting', data: { message: 'Hello!' } };
  const { status, json } = await post(`${app.url}/events`, event);
  assert.equal(status, 201);
  assert.deepEqual(json, { id: app.id(1), streams: 2 });
});

test('S7.2 the bytes: id first, a space after each colon, neither their id nor their retry', async (t) => {
  const app = await appOnRedis(t);
  const stream = await app.stream('/stream');
  await app.redisPublish('sse', '{"data": "one\\ntwo", "type": "greeting", "id": "theirs", "retry": 1}');
  await stream.until('two\n\n');
  assert.equal(stream.events, `id: ${app.id(1)}\nevent: greeting\ndata: one\ndata: two\n\n`);
});

test('S7.3 the channel is `sse` unless one is named, and Last-Event-ID is honoured', async (t) => {
  const app = await appOnRedis(t);
  for (const data of ['one', 'two']) await app.publish('sse', `{"data": "${data}"}`);
  const stream = await app.stream('/stream', { 'Last-Event-ID': app.id(1) });
  await stream.until('two\n\n');
  assert.ok(stream.events.startsWith(`id: ${app.id(2)}\ndata: two\n\n`));
});
