import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Metrics } from '../../src/app/metrics.ts';
import { createPatientServer } from '../../src/app/patientServer.ts';
import { Requests } from '../../src/app/requests.ts';
import { Connection } from '../../src/app/sse/connection.ts';
import { frame } from '../../src/app/sse/frame.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { eventually, ready } from '../support/ready.ts';
import { TestRedis } from '../support/redis.ts';
import { post, request } from '../support/request.ts';
import { Stream } from '../support/stream.ts';

/** Larger than what two sockets hold between them is a few of these. */
const LARGE = 'x'.repeat(60_000);

async function appFor(t: TestContext, settings: Record<string, string>): Promise<TestApp> {
  const app = await startApp({ HEARTBEAT: '1h', ...settings });
  t.after(() => app.stop());
  return app;
}

async function figure(app: TestApp, name: string): Promise<number> {
  const { text } = await request(`${app.url}/metrics`);
  const line = text.split('\n').find((one) => one.startsWith(`${name} `));
  return line === undefined ? 0 : Number(line.slice(name.length + 1));
}

/** A stream whose reader takes nothing at all. */
async function stopped(t: TestContext, app: TestApp, path: string): Promise<Socket> {
  const socket = connect(app.port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => {}); // cut off
  socket.pause();
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  await eventually('its stream is open', async () => (await figure(app, 'pinstream_streams')) === 2);
  return socket;
}

async function publish(app: TestApp, data: string): Promise<string> {
  const { epoch, n } = await app.store.bus.append({ channel: 'a', name: 'message', data, at: 0 });
  return `${epoch}-${n}`;
}

/** This process's clock, as far ahead as the test says. */
function hurriedClock(t: TestContext): { ahead: number; asked: number } {
  const now = performance.now.bind(performance);
  const clock = { ahead: 0, asked: 0 };
  const value = () => {
    clock.asked++;
    return now() + clock.ahead;
  };
  Object.defineProperty(performance, 'now', { value, configurable: true, writable: true });
  t.after(() =>
    Object.defineProperty(performance, 'now', { value: now, configurable: true, writable: true }),
  );
  return clock;
}

/** Sends bytes and answers all that comes until the end. */
async function said(port: number, bytes: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.write(bytes);
  let text = '';
  for await (const part of socket.setEncoding('latin1')) text += part;
  return text;
}

test('MAX_STREAMS: a stream is refused for the moment, a long poll with a true status', async (t) => {
  const app = await appFor(t, { MAX_STREAMS: '1' });
  const first = await Stream.open(`${app.url}/stream`);
  for (const path of ['/stream', '/sse/?channels=a']) {
    const second = await Stream.open(app.url + path);
    await second.ended();
    assert.equal(second.status, 200);
    assert.equal(second.headers['cache-control'], 'no-store');
    assert.match(second.text, /^retry: \d{4}\n\n/);
    assert.equal(
      second.text.includes('"There are too many streams here (MAX_STREAMS)."'),
      path === '/stream',
    );
  }
  const poll = await request(`${app.url}/events?channel=a&wait=1`);
  assert.equal(poll.status, 503);
  assert.deepEqual(poll.json, { error: 'There are too many streams here (MAX_STREAMS).' });
  assert.equal(await figure(app, 'pinstream_streams_refused_total{reason="streams"}'), 2);
  assert.equal(await figure(app, 'pinstream_refused_total{status="503"}'), 1);
  first.close();
  await eventually('its place is free', async () => (await figure(app, 'pinstream_streams')) === 0);
  const third = await Stream.open(`${app.url}/stream`);
  await third.until('"open"');
  third.close();
});

test('a long poll takes a place as long as it waits', async (t) => {
  const app = await appFor(t, { MAX_STREAMS: '1' });
  const poll = request(`${app.url}/events?channel=a&wait=60`);
  await eventually('it waits', async () => (await figure(app, 'pinstream_streams')) === 1);
  const stream = await Stream.open(`${app.url}/stream`);
  await stream.ended();
  assert.match(stream.text, /MAX_STREAMS/);
  await publish(app, 'x');
  assert.equal((await poll).status, 200);
  assert.equal(await figure(app, 'pinstream_streams'), 0);
});

test('MAX_STREAMS_PER_ADDRESS: others are not refused', async (t) => {
  const app = await appFor(t, { MAX_STREAMS_PER_ADDRESS: '1' });
  const first = await Stream.open(`${app.url}/stream`);
  const second = await Stream.open(`${app.url}/stream`);
  await second.ended();
  assert.match(second.text, /too many streams from your address \(MAX_STREAMS_PER_ADDRESS\)/);
  assert.equal(await figure(app, 'pinstream_streams_refused_total{reason="address"}'), 1);
  const socket = connect({ port: app.port, host: '127.0.0.1', localAddress: '127.0.0.2' });
  socket.write('GET /stream HTTP/1.1\r\nHost: localhost\r\n\r\n');
  let text = '';
  for await (const part of socket.setEncoding('utf8')) {
    text += part;
    if (text.includes('"open"')) break;
  }
  assert.match(text, /"open"/);
  first.close();
});

test('CLIENT_BUFFER: who stops reading is cut off, nobody else waits, and it comes back and replays', async (t) => {
  const app = await appFor(t, { CLIENT_BUFFER: '128KiB' });
  const other = await Stream.open(`${app.url}/stream?channel=a&envelope=1`);
  const socket = await stopped(t, app, '/stream?channel=a&envelope=1');
  const closed = once(socket, 'close');
  const ids: string[] = [];
  const cut = () => figure(app, 'pinstream_streams_cut_total{reason="slow"}');
  let most = 0;
  while ((await cut()) === 0) {
    assert.ok(ids.length < 500, 'it is never cut off');
    ids.push(await publish(app, LARGE));
    most = Math.max(most, await figure(app, 'pinstream_unsent_bytes'));
    await other.until(`"id":"${ids.at(-1)}"`);
  }
  assert.ok(most > 0 && most <= 131_072, `${most} bytes waited for it`);
  // What it held is free, though it has not looked yet.
  await eventually('its place is free', async () => (await figure(app, 'pinstream_streams')) === 1);
  assert.equal(await figure(app, 'pinstream_unsent_bytes'), 0);
  let text = '';
  socket.setEncoding('latin1').on('data', (part: string) => {
    text += part;
  });
  socket.resume();
  await closed;
  // The last whole block that reached it.
  const whole = text.slice(0, text.lastIndexOf('\n\n'));
  const had = /[\s\S]*^id: (\S+)$/m.exec(whole)?.[1] as string;
  const back = await Stream.open(`${app.url}/stream?channel=a&envelope=1`, { 'Last-Event-ID': had });
  await back.until(`"id":"${ids.at(-1)}"`);
  const replayed = [...back.text.matchAll(/"id":"(\S+?)"/g)].map(([, id]) => id);
  assert.deepEqual(replayed, ids.slice(ids.indexOf(had) + 1));
  back.close();
  other.close();
});

test('a pipelined stream that nobody takes is cut off once, with its connection', async (t) => {
  const app = await appFor(t, { CLIENT_BUFFER: '128KiB' });
  const socket = connect(app.port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => {}).resume(); // cut off
  const closed = once(socket, 'close');
  const asked = (channel: string) => `GET /stream?channel=${channel} HTTP/1.1\r\nHost: localhost\r\n\r\n`;
  // What is said to the second waits behind the first, which never ends.
  socket.write(asked('quiet') + asked('a'));
  await eventually('both are open', async () => (await figure(app, 'pinstream_streams')) === 2);
  for (let i = 0; i < 4; i++) await publish(app, LARGE);
  await eventually('both are gone', async () => (await figure(app, 'pinstream_streams')) === 0);
  await closed;
  assert.equal(await figure(app, 'pinstream_streams_cut_total{reason="slow"}'), 1);
  assert.equal(await figure(app, 'pinstream_unsent_bytes'), 0);
});

test('who does not take the last words is cut off too, and nobody twice', () => {
  const cut: string[] = [];
  const reader = {
    sent: 0,
    unsent: 100,
    destroyed: 0,
    write() {},
    end() {},
    destroy() {
      this.destroyed++;
    },
    drained: () => Promise.resolve(),
  };
  const connection = new Connection(reader, { buffer: 1_000, stall: 30_000 }, (reason) => cut.push(reason));
  connection.end(frame('event: pinstream\n\n'));
  connection.checkStall(0);
  connection.checkStall(29_999);
  assert.deepEqual(cut, []);
  for (const now of [30_000, 30_400, 90_000]) connection.checkStall(now);
  assert.deepEqual([cut, reader.destroyed], [['stalled'], 1]);
});

test('who takes nothing for 30 s while something waits is cut off', async (t) => {
  const app = await appFor(t, { CLIENT_BUFFER: '100MiB' });
  const other = await Stream.open(`${app.url}/stream?channel=b`);
  const socket = await stopped(t, app, '/stream?channel=a');
  const closed = once(socket, 'close');
  while ((await figure(app, 'pinstream_unsent_bytes')) < 1_048_576) await publish(app, LARGE);
  const clock = hurriedClock(t);
  clock.ahead = 20_000;
  const { asked } = clock;
  await eventually('it was looked at', async () => {
    await figure(app, 'pinstream_streams');
    return clock.asked > asked;
  });
  assert.equal(await figure(app, 'pinstream_streams_cut_total{reason="stalled"}'), 0);
  clock.ahead = 55_000;
  await eventually('it is gone', async () => (await figure(app, 'pinstream_streams')) === 1);
  socket.resume();
  await closed;
  assert.equal(await figure(app, 'pinstream_streams_cut_total{reason="stalled"}'), 1);
  assert.equal(await figure(app, 'pinstream_unsent_bytes'), 0);
  assert.equal(await figure(app, 'pinstream_streams'), 1);
  other.close();
});

test('MAX_STREAM_CHANNELS', async (t) => {
  const app = await appFor(t, { MAX_STREAM_CHANNELS: '2' });
  const answer = await request(`${app.url}/stream?channels=a,b,c`);
  assert.equal(answer.status, 400);
  assert.deepEqual(answer.json, {
    error: 'A stream has at most 2 channels (MAX_STREAM_CHANNELS).',
    field: 'channel',
  });
  assert.equal(await figure(app, 'pinstream_refused_total{status="400"}'), 1);
});

for (const kind of ['memory', 'Redis']) {
  test(`STORE_BYTES and MAX_CHANNELS, in ${kind}`, async (t) => {
    const redis = kind === 'Redis' ? await TestRedis.start() : undefined;
    if (redis) t.after(() => redis.stop());
    const limits = { STORE_BYTES: '1000', MAX_CHANNELS: '2' };
    const app = await appFor(t, { ...limits, ...(redis ? { REDIS_URL: redis.url } : {}) });
    await ready(app.url);
    const say = (channel: string, length: number) =>
      post(`${app.url}/events`, { channel, data: 'x'.repeat(length) });
    assert.equal((await say('a', 793)).status, 201);
    assert.equal(await figure(app, 'pinstream_store_bytes'), 800);
    assert.equal(await figure(app, 'pinstream_store_bytes_limit'), 1000);
    const full = await say('a', 200);
    assert.equal(full.status, 507);
    assert.match((full.json as { error: string }).error, /^The store is full: raise STORE_BYTES/);
    assert.equal(await figure(app, 'pinstream_refused_total{status="507"}'), 1);
    assert.equal(await figure(app, 'pinstream_channels_floor'), 0);
    const { epoch, n } = await app.store.bus.position();
    for (const channel of ['b', 'c']) assert.equal((await say(channel, 1)).status, 201);
    assert.equal(await figure(app, 'pinstream_channels'), 2);
    assert.equal(await figure(app, 'pinstream_channels_limit'), 2);
    assert.equal(await figure(app, 'pinstream_channels_floor'), n);
    assert.equal(await figure(app, 'pinstream_store_bytes'), 16);
    const reader = await Stream.open(`${app.url}/stream?channel=a`, { 'Last-Event-ID': `${epoch}-0` });
    await reader.until('"type":"gap"');
    assert.match(reader.text, /"channel":"a",.*"certain":false/);
    reader.close();
  });
}

test('a store that is away keeps nobody from the other figures', async (t) => {
  const redis = await TestRedis.start();
  t.after(() => redis.stop());
  const app = await appFor(t, { REDIS_URL: redis.url });
  await ready(app.url);
  redis.pause();
  for (let i = 0; i < 2; i++) {
    const { status, text } = await request(`${app.url}/metrics`);
    assert.equal(status, 200);
    assert.match(text, /^pinstream_store_bytes NaN$/im);
    assert.match(text, /^pinstream_streams 0$/m);
    assert.match(text, /^pinstream_store_ready 1$/m); // answered before it was known that the store is away
  }
  await redis.kill();
  await eventually('it is known', async () => (await figure(app, 'pinstream_store_ready')) === 0);
  const stream = await Stream.open(`${app.url}/stream`);
  await stream.ended();
  assert.match(stream.text, /"refused","reason":"Redis at/);
  assert.equal(await figure(app, 'pinstream_streams_refused_total{reason="store"}'), 1);
});

test('an address or headers that are too long, and what is no HTTP, get a sentence', async (t) => {
  const app = await appFor(t, {});
  for (const bytes of [
    `GET /stream?channel=${'x'.repeat(20_000)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: localhost\r\nCookie: ${'x'.repeat(20_000)}\r\n\r\n`,
  ]) {
    const answer = await said(app.port, bytes);
    assert.match(answer, /^HTTP\/1\.1 431 Request Header Fields Too Large\r\n/);
    assert.match(answer, /\r\n\r\n\{"error":"The address and the headers are too long: .* 16 KiB\."\}$/);
  }
  assert.match(await said(app.port, 'hello\r\n\r\n'), /^HTTP\/1\.1 400 [\s\S]*\{"error":"This is not HTTP/);
  assert.equal(await figure(app, 'pinstream_refused_total{status="431"}'), 2);
  assert.equal(await figure(app, 'pinstream_refused_total{status="400"}'), 1);
});

/** A server that waits for a request for 30 ms. */
async function impatient(t: TestContext, answer: RequestListener) {
  const patience = { headersTimeout: 30, requestTimeout: 60, connectionsCheckingInterval: 10 };
  const server = createPatientServer(answer, new Requests(), new Metrics(false), patience);
  t.after(() => server.close());
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

test('a request that never comes to its end is not waited for', async (t) => {
  const { port } = await impatient(t, () => assert.fail('it never came'));
  assert.match(
    await said(port, 'GET / HTTP/1.1\r\nHost: a'),
    /^HTTP\/1\.1 408 Request Timeout\r\n[\s\S]*\{"error":"The request did not come to its end in time: send it again\."\}$/,
  );
  assert.equal(await said(port, ''), '', 'who has not begun is told nothing');
});

test('a request that lay here while the app was paused is answered', async (t) => {
  const { server, port } = await impatient(t, (_request, response) => response.end('heard'));
  const client = connect(port, '127.0.0.1');
  let answer = '';
  client.on('data', (bytes) => {
    answer += bytes;
  });
  const [socket] = (await once(server, 'connection')) as [Socket];
  const standStill = () => {
    const end = performance.now() + 100;
    while (performance.now() < end);
  };
  client.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
  standStill();
  await once(client, 'data');
  const read = socket.bytesRead;
  client.write('GET / HTTP/1.1\r\n');
  while (socket.bytesRead === read) await turn();
  client.write('Host: a\r\n\r\n');
  standStill();
  await once(client, 'data');
  client.write('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  await once(client, 'close');
  const statuses = answer.match(/HTTP\/1\.1 \d+|heard/g);
  assert.deepEqual(statuses, Array(3).fill(['HTTP/1.1 200', 'heard']).flat());
});
