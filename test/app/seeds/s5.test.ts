import assert from 'node:assert/strict';
import { test } from 'node:test';
import { post, request } from '../../support/request.ts';
import { appFor, appOnRedis } from './setup.ts';

/** The slides and ssedemo: a stream is just a GET, and what one would do with 25 more minutes. */

test('S5.1 something counts by itself, for everybody the same', async (t) => {
  const app = await appFor(t, { MOCK_AUTO: '20ms', PINS: 'button=17:debounce=0' }, { mock: true });
  const page = await app.client('/stream', 'message');
  await page.until(2);
  const numbers = page.heard.map(({ data }) => Number(/^Button press #(\d+) @ /.exec(data)?.[1]));
  assert.deepEqual(
    numbers,
    numbers.map((_, i) => (numbers[0] as number) + i),
  );
});

test('S5.3 a stream is just a GET, and what a page says is an ordinary request to the same host', async (t) => {
  const app = await appFor(t);
  const stream = await app.stream('/stream?channel=chat');
  const answer = await post(
    `${app.url}/events`,
    { channel: 'chat', data: 'Good news everyone!' },
    { Origin: app.url },
  );
  assert.equal(answer.status, 201);
  await stream.until('everyone!\n\n');
  assert.equal(stream.events, `id: ${app.id(1)}\ndata: Good news everyone!\n\n`);
});

test('S5.4 a stream says regularly that it lives, and how far it has come', async (t) => {
  const app = await appFor(t, { HEARTBEAT: '50ms' });
  const stream = await app.stream('/stream');
  await stream.until((text) => text.split('"ping"').length > 2 && text.endsWith('\n\n'));
  const ping = `id: ${app.id(0)}\nevent: pinstream\ndata: {"type":"ping","cursor":"${app.id(0)}"}\n\n`;
  assert.equal(stream.events, ping.repeat(stream.events.length / ping.length));
});

test('S5.4 nginx is told not to hold a stream back, whatever its own settings', async (t) => {
  const app = await appFor(t);
  const { headers } = await app.stream('/stream');
  assert.equal(headers['x-accel-buffering'], 'no');
});

test('S5.5 Redis pub/sub is a source', async (t) => {
  const app = await appOnRedis(t);
  const stream = await app.stream('/stream?channel=news');
  await app.redisPublish('news', 'exciting new information');
  await stream.until('information\n\n');
  assert.equal(stream.events, `id: ${app.id(1)}\ndata: exciting new information\n\n`);
});

test('S5.5 with a RESTful API: read what there was, listen to what comes after it', async (t) => {
  const app = await appFor(t);
  for (const data of ['one', 'two'])
    await post(`${app.url}/events`, { channel: 'news', event: 'added', data });
  const { cursor, events } = (await request(`${app.url}/events?channel=news`)).json as {
    cursor: string;
    events: { id: string; channel: string; event: string; data: string }[];
  };
  assert.deepEqual(
    events.map(({ id, channel, event, data }) => [id, channel, event, data]),
    [
      [app.id(1), 'news', 'added', 'one'],
      [app.id(2), 'news', 'added', 'two'],
    ],
  );
  await post(`${app.url}/events`, { channel: 'news', event: 'added', data: 'three' });
  const stream = await app.stream(`/stream?channel=news&last_event_id=${cursor}`);
  await stream.until('three\n\n');
  assert.ok(stream.events.startsWith(`id: ${app.id(3)}\nevent: added\ndata: three\n\n`));
});
