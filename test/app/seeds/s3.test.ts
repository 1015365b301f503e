import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectPublisher } from '../../../src/bus/sendEvent.ts';
import { silentLog } from '../../../src/lib/log.ts';
import { readSettings } from '../../../src/lib/settings.ts';
import { post, request } from '../../support/request.ts';
import { appFor, appOnRedis } from './setup.ts';

/** pushserver: Flask-SSE as a server of its own. */

test('S3.1 /stream and /test are there', async (t) => {
  const app = await appFor(t);
  assert.equal((await app.stream('/stream')).status, 200);
  const page = await request(`${app.url}/test`);
  assert.equal(page.status, 200);
  assert.equal(page.headers['content-type'], 'text/html; charset=utf-8');
  assert.match(page.text, /<code>test<\/code>.*<code>myevent<\/code>/);
});

test('S3.2 without settings it is http://localhost:8080/stream, for this machine alone', () => {
  const { settings } = readSettings({});
  assert.deepEqual([settings.HOST, settings.PORT], ['127.0.0.1', 8080]);
});

test("S3.3 with CORS_ORIGINS=* every answer to a page is any page's, errors too", async (t) => {
  const app = await appFor(t, { CORS_ORIGINS: '*', PUBLISH_OPEN: '0', PUBLISH_KEY: 'key' });
  const headers = { Origin: 'http://elsewhere.example' };
  const stream = await app.stream('/stream', headers);
  const answers = [
    [200, stream],
    [200, await request(`${app.url}/test`, { headers })],
    [400, await app.stream('/sse/', headers)],
    [401, await post(`${app.url}/events`, { channel: 'a', data: 'b' }, headers)],
    [404, await request(`${app.url}/nothing`, { headers })],
    [405, await request(`${app.url}/stream`, { method: 'DELETE', headers })],
    [415, await request(`${app.url}/events`, { method: 'POST', headers })],
    [421, await app.stream('/stream', { ...headers, Host: 'rebound.example' })],
  ] as const;
  for (const [status, answer] of answers) {
    assert.equal(answer.status, status);
    assert.equal(answer.headers['access-control-allow-origin'], '*', `on ${status}`);
    assert.equal(answer.headers['access-control-allow-credentials'], undefined);
  }
});

test('S3.3 without CORS_ORIGINS no answer is for pages of other origins', async (t) => {
  const app = await appFor(t);
  const { headers } = await app.stream('/stream', { Origin: 'http://elsewhere.example' });
  assert.equal(headers['access-control-allow-origin'], undefined);
});

test("S3.6 the README's page hears a named event where it listens to that name", async (t) => {
  const app = await appOnRedis(t);
  const [onmessage, listener] = [
    await app.client('/stream', 'message'),
    await app.client('/stream', 'myevent'),
  ];
  await app.redisPublish('sse', '["myevent", "{\\"message\\": \\"Hello!\\"}"]');
  await app.redisPublish('sse', 'unnamed');
  await Promise.all([onmessage.until(1), listener.until(1)]);
  assert.deepEqual(
    listener.heard.map(({ data }) => data),
    ['{"message": "Hello!"}'],
  );
  assert.deepEqual(
    onmessage.heard.map(({ data }) => data),
    ['unnamed'],
  );
});

test('S3.6 /sse/ says all as messages: there onmessage alone hears everything', async (t) => {
  const app = await appOnRedis(t);
  const page = await app.client('/sse/?channels=sse', 'message');
  await app.redisPublish('sse', '["myevent", "{\\"message\\": \\"Hello!\\"}"]');
  await app.redisPublish('sse', 'unnamed');
  await page.until(2);
  assert.deepEqual(
    page.heard.map(({ data }) => data),
    ['["myevent", "{\\"message\\": \\"Hello!\\"}"]', 'unnamed'],
  );
});

test('S3.7 data may be an object, as in the README', async (t) => {
  const app = await appOnRedis(t);
  const page = await app.client('/stream', 'myevent');
  const { settings } = readSettings({ REDIS_URL: app.redis.url });
  const publisher = await connectPublisher({ settings, log: silentLog });
  t.after(() => publisher.close());
  const id = await publisher.sendEvent('myevent', { message: 'Hello!' });
  await page.until(1);
  assert.deepEqual(page.heard, [{ name: 'myevent', data: '{"message":"Hello!"}', id }]);
});
