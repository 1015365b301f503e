import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { Cutter } from '../support/cutter.ts';
import { eventually, ready } from '../support/ready.ts';
import { TestRedis } from '../support/redis.ts';
import { request } from '../support/request.ts';
import { lastId, newSession, putChannels } from '../support/session.ts';
import { Stream } from '../support/stream.ts';

describe('the channels of an open stream, with several apps on one Redis', () => {
  let redis: TestRedis;
  let running: TestApp[] = [];
  let streams: Stream[] = [];
  before(async () => {
    redis = await TestRedis.start();
  });
  after(() => redis.stop());
  beforeEach(() => redis.command('FLUSHALL'));
  afterEach(async () => {
    for (const stream of streams) stream.close();
    for (const app of running) await app.stop();
    running = [];
    streams = [];
  });

  async function open(url = redis.url): Promise<TestApp> {
    const app = await startApp({ REDIS_URL: url });
    running.push(app);
    await ready(app.url);
    return app;
  }

  async function listen(app: TestApp, session: string, headers?: Record<string, string>): Promise<Stream> {
    const stream = await Stream.open(`${app.url}/stream?channel=a&session=${session}`, headers);
    streams.push(stream);
    await stream.until('"open"');
    return stream;
  }

  async function publish(app: TestApp, channel: string, data: string): Promise<string> {
    const { epoch, n } = await app.store.bus.append({ channel, name: 'message', data, at: 0 });
    return `${epoch}-${n}`;
  }

  test('are changed at an app that does not hold the stream', async () => {
    const [one, two] = [await open(), await open()];
    const session = newSession();
    const stream = await listen(one, session);
    const since = lastId(stream.text);
    const first = await publish(one, 'b', 'missed');
    assert.equal((await putChannels(two.url, session, { channels: ['a', 'b'], since })).status, 200);
    await stream.until('"channels",');
    const second = await publish(two, 'b', 'live');
    await stream.until('data: live\n\n');
    assert.equal(
      stream.events,
      'data: missed\n\n' +
        `id: ${first}.1\nevent: pinstream\ndata: {"type":"channels","channels":["a","b"]}\n\n` +
        `id: ${second}\ndata: live\n\n`,
    );
  });

  test('go with a reader that comes back to another app, with all that it missed', async () => {
    const [one, two] = [await open(), await open()];
    const session = newSession();
    const stream = await listen(one, session);
    const since = lastId(stream.text);
    await publish(one, 'b', '1');
    stream.close();
    await putChannels(one.url, session, { channels: ['a', 'b'], since });
    await publish(one, 'a', '2');
    await publish(one, 'b', '3');
    const back = await listen(two, session, { 'Last-Event-ID': since });
    await back.until('data: 3\n\n');
    // All came after its cursor: nothing had to be written from before it.
    assert.deepEqual(
      [...back.events.matchAll(/^data: (\d)$/gm)].map(([, data]) => data),
      ['1', '2', '3'],
    );
    await publish(one, 'b', '4');
    await back.until('data: 4\n\n');
    assert.equal(back.text.split('data: 3\n').length, 2);
  });

  test('a connection that nobody has noticed to be dead does not speak for the reader that has come back', async () => {
    const [one, two] = [await open(), await open()];
    const session = newSession();
    const dead = await listen(one, session);
    const since = lastId(dead.text);
    await publish(one, 'b', '1');
    const last = await publish(one, 'a', '2');
    await dead.until('data: 2\n\n');
    const stream = await listen(two, session, { 'Last-Event-ID': last });
    await putChannels(one.url, session, { channels: ['a', 'b'], since });
    for (const one of [dead, stream]) await one.until('"channels",');
    const kept = async () => JSON.parse(String(await redis.command('GET', `pinstream:session:${session}`)));
    assert.deepEqual((await kept()).owed, [{ channel: 'b', since, rev: 1, except: [], at: last }]);
    const { stream: owner } = await kept();
    // It is for the one that was opened last to say how far the reader is.
    const third = await listen(one, session, { 'Last-Event-ID': last });
    assert.notEqual((await kept()).stream, owner);
    third.close();
  });

  test('a change that was said while the app could not hear it is made up for', async () => {
    const [one] = [await open()];
    const cutter = await Cutter.start(redis.port);
    const deaf = await open(cutter.url.replace('http', 'redis'));
    const session = newSession();
    const stream = await listen(deaf, session);
    // Kept by another app, but the word on it does not arrive.
    const key = `pinstream:session:${session}`;
    const record = JSON.parse(String(await redis.command('GET', key)));
    await redis.command('SET', key, JSON.stringify({ ...record, rev: 1, channels: ['a', 'b'] }));
    cutter.cut();
    await stream.until('"channels":["a","b"]}\n\n');
    await publish(one, 'b', 'heard');
    await stream.until('data: heard\n\n');
    await deaf.stop();
    running.pop();
    await cutter.stop();
  });

  test('while Redis is away they cannot be changed, and afterwards they can, on the same stream', async () => {
    const own = await TestRedis.start({ options: ['--appendonly', 'yes', '--appendfsync', 'always'] });
    const app = await open(own.url);
    const session = newSession();
    const stream = await listen(app, session);
    assert.equal((await putChannels(app.url, session, { channels: ['a', 'b'] })).status, 200);
    await stream.until('"channels",');
    await own.kill();
    await eventually('it is noticed', async () => (await request(`${app.url}/readyz`)).status === 503);
    const refused = await putChannels(app.url, session, { channels: ['c'] });
    assert.equal(refused.status, 503);
    assert.match((refused.json as { error: string }).error, /^Redis at .* cannot be reached/);
    await own.up();
    await ready(app.url);
    assert.equal((await putChannels(app.url, session, { channels: ['b', 'c'] })).status, 200);
    await stream.until('"channels":["b","c"]}\n\n');
    await publish(app, 'c', 'after');
    await stream.until('data: after\n\n');
    await app.stop();
    running.pop();
    await own.stop();
  });

  test('are put back by the open stream when Redis was emptied', async () => {
    const app = await open();
    const session = newSession();
    const stream = await listen(app, session);
    await publish(app, 'a', 'before');
    await putChannels(app.url, session, { channels: ['a', 'b'] });
    await stream.until('"channels",');
    await redis.command('FLUSHALL');
    await stream.until('"gap","reason":"epoch"}\n\n');
    await eventually(
      'the session is kept again',
      async () => (await putChannels(app.url, session, { channels: ['b', 'c'] })).status === 200,
    );
    await stream.until('["b","c"]');
    await publish(app, 'c', 'after');
    await stream.until('data: after\n\n');
  });

  test('are kept for an hour after the stream has closed', async () => {
    const app = await open();
    const session = newSession();
    const stream = await listen(app, session);
    const key = `pinstream:session:${session}`;
    await putChannels(app.url, session, { channels: ['b'] });
    await stream.until('"channels",');
    await redis.command('EXPIRE', key, '60');
    stream.close();
    await eventually('it is kept for longer', async () => Number(await redis.command('TTL', key)) > 3500);
    assert.deepEqual(await redis.command('KEYS', '*session*'), [key]);
  });

  test('are kept for a minute when the address of the stream makes them again, unless another stream has them', async () => {
    const [one, two] = [await open(), await open()];
    const ttl = (session: string) => redis.command('TTL', `pinstream:session:${session}`).then(Number);
    const session = newSession();
    (await listen(one, session)).close();
    await eventually('it is kept for a minute', async () => (await ttl(session)) <= 60);
    const dead = await listen(one, session);
    await listen(two, session);
    await redis.command('EXPIRE', `pinstream:session:${session}`, '100');
    dead.close();
    await eventually('the other one keeps it', async () => (await ttl(session)) > 3500);
  });

  test('put back, they still tell that the reader has had what it missed', async () => {
    const app = await open();
    const session = newSession();
    const stream = await listen(app, session);
    await publish(app, 'b', 'missed');
    await putChannels(app.url, session, { channels: ['a', 'b'], since: lastId(stream.text) });
    await stream.until('"channels",');
    await redis.command('FLUSHALL');
    await stream.until('"gap","reason":"epoch"}\n\n');
    await eventually('the session is kept again', async () => {
      return (await redis.command('EXISTS', `pinstream:session:${session}`)) === 1;
    });
    const last = await publish(app, 'b', 'live');
    await stream.until('data: live\n\n');
    stream.close();
    const back = await listen(app, session, { 'Last-Event-ID': last });
    await publish(app, 'b', 'after');
    await back.until('data: after\n\n');
    assert.doesNotMatch(back.events, /data: live|"gap"/);
  });

  test('a change that takes the number of one that Redis has lost is applied', async () => {
    const app = await open();
    const session = newSession();
    const stream = await listen(app, session);
    const key = `pinstream:session:${session}`;
    const before = String(await redis.command('GET', key));
    await putChannels(app.url, session, { channels: ['a', 'b'] });
    await stream.until('["a","b"]');
    await redis.command('SET', key, before); // as after the loss of its last second
    await publish(app, 'c', 'missed');
    const since = lastId(stream.text);
    await putChannels(app.url, session, { channels: ['a', 'c'], since });
    await stream.until('"channels":["a","c"]');
    await publish(app, 'c', 'live');
    await stream.until('data: live\n\n');
    assert.match(stream.events, /^data: missed\n\nid: \S+\.2\nevent: pinstream/m);
    // The same when nobody told of it.
    const now = JSON.parse(String(await redis.command('GET', key)));
    await redis.command('SET', key, JSON.stringify({ ...now, channels: ['x'] }));
    await redis.command('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await stream.until('"channels":["x"]');
  });

  test('open streams when Redis has no room for their records: as they are kept, or as the address says', async () => {
    const app = await open();
    const session = newSession();
    const stream = await listen(app, session);
    await putChannels(app.url, session, { channels: ['b'] });
    await stream.until('"channels":["b"]');
    stream.close();
    await redis.command('CONFIG', 'SET', 'maxmemory', '1');
    try {
      const back = await listen(app, session, { 'Last-Event-ID': lastId(stream.text) });
      await back.until('"channels":["b"]');
      const anew = await listen(app, newSession());
      await anew.until('"channels":["a"]');
      const refused = await putChannels(app.url, session, { channels: ['c'] });
      assert.equal(refused.status, 507);
    } finally {
      await redis.command('CONFIG', 'SET', 'maxmemory', '0');
    }
  });
});
