import assert from 'node:assert/strict';
import { test } from 'node:test';
import { appFor, appOnRedis } from './setup.ts';

/** tornado-sse: channels in one list, JSON messages that name their type. */

test('S6.1 `channels` may be one list with commas, on /stream and on /sse/', async (t) => {
  const app = await appFor(t);
  for (const path of ['/stream', '/sse/', '/']) {
    const stream = await app.stream(`${path}?channels=all,foo`);
    const { n } = await app.store.bus.position();
    for (const channel of ['all', 'bar', 'foo']) await app.publish(channel, `on ${channel}`);
    await stream.until('on foo\n\n');
    assert.equal(
      stream.events,
      `id: ${app.id(n + 1)}\ndata: on all\n\nid: ${app.id(n + 3)}\ndata: on foo\n\n`,
      path,
    );
  }
});

test('S6.1 without channels /stream listens to `sse`', async (t) => {
  const app = await appFor(t);
  const stream = await app.stream('/stream?channels=');
  await app.publish('sse', 'heard');
  await stream.until('heard\n\n');
});

test('S6.2 its payload: an event `message` with the JSON text as its data', async (t) => {
  const app = await appOnRedis(t);
  const page = await app.client('/stream?channels=all,foo', 'message');
  const payload = '["message", "{\\"type\\": \\"foo\\", \\"data\\": 1}"]';
  await app.redisPublish('foo', payload);
  await page.until(1);
  assert.deepEqual(page.heard, [{ name: 'message', data: '{"type": "foo", "data": 1}', id: app.id(1) }]);
});

test('S6.3 the replay begins after the event that was heard last, and repeats none', async (t) => {
  const app = await appFor(t);
  for (const data of ['one', 'two']) await app.publish('all', data);
  const stream = await app.stream('/stream?channels=all', { 'Last-Event-ID': app.id(1) });
  await stream.until('two\n\n');
  assert.ok(stream.events.startsWith(`id: ${app.id(2)}\ndata: two\n\n`));
});

test('S6.5 each user has a channel of their own, by the cookie of the session', async (t) => {
  const users = new Map([['s1', 'ann']]);
  const app = await appFor(
    t,
    {},
    {
      authorize: ({ headers }, right, channel) => {
        const session = /(?:^|; )session=([^;]*)/.exec(headers.cookie ?? '')?.[1] ?? '';
        return right === 'write' || channel === 'all' || channel === users.get(session);
      },
    },
  );
  const cookie = 'theme=dark; session=s1';
  const stream = await app.stream('/stream?channels=all,ann', { cookie });
  await app.publish('ann', 'for Ann');
  await stream.until('for Ann\n\n');
  for (const [headers, channels] of [
    [{ cookie }, 'all,bob'],
    [{}, 'ann'],
    [{ cookie }, '*'],
  ] as const) {
    await app.refused(`/stream?channels=${channels}`, 403, headers);
  }
});
