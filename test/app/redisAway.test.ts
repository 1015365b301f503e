import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RedisBus } from '../../src/bus/redisBus.ts';
import { RedisLink } from '../../src/bus/redisLink.ts';
import { silentLog } from '../../src/lib/log.ts';
import { startApp } from '../support/app.ts';
import { Cutter } from '../support/cutter.ts';
import { freePort } from '../support/freePort.ts';
import { Lines } from '../support/lines.ts';
import { ready } from '../support/ready.ts';
import { TestRedis } from '../support/redis.ts';
import { post, request } from '../support/request.ts';
import { Served } from '../support/served.ts';
import { Stream } from '../support/stream.ts';

const EVENT = { channel: 'a', data: 'x' };

/** An app on a Redis of its own, and its log. */
async function appOnRedis({ adopt = '', options = [] as string[] } = {}) {
  const redis = await TestRedis.start({ options });
  const lines = new Lines();
  const app = await startApp({ REDIS_URL: redis.url, ADOPT: adopt }, { log: lines.log });
  await ready(app.url);
  const end = async () => {
    await app.stop();
    await redis.stop();
  };
  return { redis, lines, app, end };
}

/** A stream on `a` that is open. */
async function streamOn(url: string): Promise<Stream> {
  const stream = await Stream.open(`${url}/stream?channel=a`);
  await stream.until('"type":"open"');
  return stream;
}

describe('an app whose Redis is away', () => {
  test('starts, says so once, is alive and not ready, and works as soon as Redis is there', async () => {
    const port = await freePort();
    const lines = new Lines();
    const app = await startApp({ REDIS_URL: `redis://127.0.0.1:${port}`, ADOPT: '*' }, { log: lines.log });
    await lines.until(/cannot be reached: nothing listens there/);
    assert.equal((await request(`${app.url}/healthz`)).status, 200);
    const unready = await request(`${app.url}/readyz`);
    assert.equal(unready.status, 503);
    assert.match(unready.text, /Redis at 127\.0\.0\.1:\d+ cannot be reached/);
    const published = await post(`${app.url}/events`, EVENT);
    assert.equal(published.status, 503);
    assert.match(published.text, /Redis at 127\.0\.0\.1:\d+ cannot be reached/);
    const refused = await request(`${app.url}/stream?channel=a`);
    assert.equal(refused.status, 200);
    assert.equal(refused.headers['cache-control'], 'no-store');
    assert.match(
      refused.text,
      /^retry: [234]\d{3}\n\nevent: pinstream\ndata: \{"type":"refused","reason":"Redis at .*"\}\n\n$/,
    );
    assert.match((await request(`${app.url}/sse/?channels=a`)).text, /^retry: [234]\d{3}\n\n$/);

    const redis = await TestRedis.start({ port });
    await lines.until(/is there/);
    await ready(app.url);
    const stream = await streamOn(app.url);
    assert.equal((await post(`${app.url}/events`, EVENT)).status, 201);
    await stream.until('data: x');
    assert.deepEqual(
      lines.all.filter((line) => /Redis/.test(line)).map((line) => line.replace(/\d{4,}/, 'PORT')),
      [
        'Redis at 127.0.0.1:PORT cannot be reached: nothing listens there. Is it running? Pinstream goes on trying.',
        'Redis at 127.0.0.1:PORT is there.',
      ],
    );
    stream.close();
    await app.stop();
    await redis.stop();
  });

  test('keeps its live streams through a crash of Redis, and loses nothing that Redis kept', async () => {
    const { redis, lines, app, end } = await appOnRedis({
      options: ['--appendonly', 'yes', '--appendfsync', 'always'],
    });
    const stream = await streamOn(app.url);
    await post(`${app.url}/events`, { channel: 'a', data: 'before' });
    await stream.until('data: before');
    await redis.kill();
    await lines.until(/cannot be reached/);
    assert.equal((await post(`${app.url}/events`, EVENT)).status, 503);
    await redis.up();
    await ready(app.url);
    const after = (await post(`${app.url}/events`, { channel: 'a', data: 'after' })).json as { id: string };
    await stream.until('data: after');
    assert.match(after.id, /-1000002$/, 'the numbers leap, since the restarted server may have lost some');
    assert.doesNotMatch(stream.text, /"type":"gap"/);
    stream.close();
    await end();
  });

  test('tells every live stream when Redis was emptied, and goes on with the new epoch', async () => {
    const { redis, app, end } = await appOnRedis();
    const stream = await streamOn(app.url);
    await post(`${app.url}/events`, { channel: 'a', data: 'before' });
    await stream.until('data: before');
    await redis.command('FLUSHALL');
    const { id } = (await post(`${app.url}/events`, { channel: 'a', data: 'after' })).json as { id: string };
    await stream.until('data: after');
    const said = stream.text.slice(stream.text.indexOf('data: before'));
    assert.match(
      said,
      new RegExp(
        `"type":"gap","reason":"epoch"\\}\\n\\nid: ${id.split('-')[0]}-0\\n\\nid: ${id}\\ndata: after`,
      ),
    );
    assert.equal(id.split('-')[1], '1');
    stream.close();
    await end();
  });

  test('and who only polls is told so too, also one that waits', async () => {
    const { redis, app, end } = await appOnRedis();
    for (let i = 0; i < 20; i++) await post(`${app.url}/events`, EVENT);
    const { cursor } = (await request(`${app.url}/events?channel=a`)).json as { cursor: string };
    const waiting = request(`${app.url}/events?channel=a&wait=60&since=${cursor}`);
    let metrics = '';
    while (!metrics.includes('pinstream_streams 1\n')) metrics = (await request(`${app.url}/metrics`)).text;
    await redis.command('FLUSHALL');
    const { id } = (await post(`${app.url}/events`, EVENT)).json as { id: string };
    for (const answer of [await waiting, await request(`${app.url}/events?channel=a&since=${cursor}`)]) {
      const {
        events,
        gap,
        cursor: next,
      } = answer.json as { events: { id: string }[]; gap: object[]; cursor: string };
      assert.deepEqual([events.map((one) => one.id), gap, next], [[id], [{ reason: 'epoch' }], id]);
    }
    await end();
  });

  test('keeps its live streams while Redis answers nothing, and brings them all that it kept', async () => {
    const { redis, lines, app, end } = await appOnRedis({ adopt: '*' });
    const stream = await streamOn(app.url);
    await post(`${app.url}/events`, { channel: 'a', data: 'before' });
    await stream.until('data: before');
    redis.pause();
    await lines.until(/cannot be reached/); // after five seconds of silence
    const raw = redis.command('PUBLISH', 'a', 'while nobody hears it');
    redis.resume();
    await raw;
    await ready(app.url);
    await redis.command('PUBLISH', 'a', 'adopted');
    await stream.until('data: adopted');
    assert.equal((await post(`${app.url}/events`, { channel: 'a', data: 'after' })).status, 201);
    await stream.until('data: after');
    assert.doesNotMatch(stream.text, /"type":"gap"/);
    assert.match(
      stream.events.replaceAll(/data: while nobody hears it\n|id: .*\n/g, ''),
      /^data: before\n\n\n?data: adopted\n\ndata: after\n\n$/,
    );
    stream.close();
    await end();
  });

  test('gives no number twice when Redis lost its tail, and tells nobody anything false', async () => {
    const { redis, lines, app, end } = await appOnRedis({ adopt: '*' });
    const ids: string[] = [];
    const publish = async (data: string) => {
      const { json } = await post(`${app.url}/events`, { channel: 'a', data });
      ids.push((json as { id: string }).id);
    };
    const stream = await streamOn(app.url);
    for (const data of ['1', '2', '3']) await publish(data);
    await redis.command('SAVE');
    for (const data of ['4', '5', '6']) await publish(data);
    await stream.until('data: 6');
    await redis.kill(); // with it go 4, 5 and 6
    await lines.until(/cannot be reached/);
    await redis.up();
    await ready(app.url);
    // A raw publish is the first thing after the loss: the keeper must not wait for what is gone.
    await redis.command('PUBLISH', 'a', '7');
    await stream.until('data: 7');
    await publish('8');
    await stream.until('data: 8');
    const [epoch] = (ids[0] as string).split('-');
    assert.equal(ids.at(-1), `${epoch}-1000005`);
    const heard = (text: string) => [...text.matchAll(/^data: (\d)$/gm)].map(([, data]) => data);
    assert.deepEqual(heard(stream.text), ['1', '2', '3', '4', '5', '6', '7', '8']);
    assert.doesNotMatch(stream.text, /"type":"gap"/);
    for (const [cursor, expected] of [
      [ids[1], ['3', '7', '8']],
      [ids[4], ['7', '8']],
      [ids[5], ['7', '8']],
    ] as const) {
      const back = await Stream.open(`${app.url}/stream?channel=a`, { 'Last-Event-ID': cursor as string });
      await back.until('data: 8');
      assert.deepEqual(heard(back.text), expected);
      assert.doesNotMatch(back.text, /"type":"gap"/);
      back.close();
    }
    stream.close();
    await end();
  });

  test('whose doorbell went to nowhere catches up by itself', async () => {
    const redis = await TestRedis.start();
    const cutter = await Cutter.start(redis.port);
    const app = await startApp({ REDIS_URL: `redis://127.0.0.1:${cutter.port}` });
    await ready(app.url);
    const other = await startApp({ REDIS_URL: redis.url });
    await ready(other.url);
    const stream = await streamOn(app.url);
    const ears = async () => (await redis.command('CLIENT', 'LIST', 'TYPE', 'pubsub')) as string;
    assert.equal([...(await ears()).matchAll(/^id=/gm)].length, 2);
    // The second connection is the one that listens. Nobody is told that nothing comes through it any more.
    cutter.freeze((index) => index === 1);
    for (let i = 0; i < 10; i++) await post(`${other.url}/events`, { channel: 'a', data: String(i) });
    await stream.until('data: 9');
    await ready(app.url);
    await post(`${other.url}/events`, { channel: 'a', data: 'end' });
    await stream.until('data: end');
    assert.deepEqual(
      [...stream.events.matchAll(/^data: (.*)$/gm)].map(([, data]) => data),
      [...Array.from({ length: 10 }, (_, i) => String(i)), 'end'],
    );
    stream.close();
    await app.stop();
    await other.stop();
    await cutter.stop();
    await redis.stop();
  });

  test('that Redis cut off, since it took nothing for too long, brings its streams all that they missed', async () => {
    const redis = await TestRedis.start();
    await redis.command('CONFIG', 'SET', 'client-output-buffer-limit', 'pubsub 64kb 32kb 1');
    const app = await Served.start({ REDIS_URL: redis.url, CLIENT_BUFFER: '64MiB' });
    await ready(app.url);
    const stream = await streamOn(app.url);
    app.pause();
    const ears = async () => (await redis.command('CLIENT', 'LIST', 'TYPE', 'pubsub')) as string;
    const link = new RedisLink({ url: redis.url, prefix: 'pinstream:' }, silentLog);
    const bus = new RedisBus(link, {
      logLength: 1000,
      logAge: 86_400_000,
      maxChannels: 100,
      storeBytes: 60_000_000,
    });
    const connected = new Promise<void>((done) => link.onStatus(done));
    await bus.start();
    await connected;
    let last = 0;
    const data = () => `${String(++last).padStart(4, '0')} ${'x'.repeat(60_000)}`;
    while ((await ears()) !== '') await bus.append({ channel: 'a', name: 'message', data: data(), at: 0 });
    await bus.append({ channel: 'a', name: 'message', data: data(), at: 0 });
    app.wake();
    await stream.until(
      (text) => text.includes(`data: ${String(last).padStart(4, '0')}`) && text.endsWith('\n\n'),
    );
    const numbers = [...stream.events.matchAll(/^data: (\d{4}) x{60000}$/gm)].map(([, n]) => Number(n));
    assert.deepEqual(
      numbers,
      Array.from({ length: last }, (_, i) => i + 1),
    );
    assert.doesNotMatch(stream.text, /"type":"gap"/);
    stream.close();
    await app.kill();
    await bus.close();
    await redis.stop();
  });
});
