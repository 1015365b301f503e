import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appOnRedis } from './setup.ts';

/** jkbr/chat: plain text on one channel. */

test('S10.1 raw text, brackets and markup too, is the data of a message', async (t) => {
  const app = await appOnRedis(t);
  const stream = await app.stream('/stream?channel=chat');
  await app.redisPublish('chat', '[20:00:00] ann: <b>hi</b> & "bye"');
  await stream.until('"bye"\n\n');
  assert.equal(stream.events, `id: ${app.id(1)}\ndata: [20:00:00] ann: <b>hi</b> & "bye"\n\n`);
});

test('S10.1 a form posts it as well', async (t) => {
  const app = await appOnRedis(t);
  const page = await app.client('/stream?channel=chat', 'message');
  await app.publish('chat', '[20:00:01] bob: hello');
  await page.until(1);
  assert.deepEqual(page.heard, [{ name: 'message', data: '[20:00:01] bob: hello', id: app.id(1) }]);
});
