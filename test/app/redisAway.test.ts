import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startApp } from '../support/app.ts';
import { freePort } from '../support/freePort.ts';
import { Lines } from '../support/lines.ts';
import { ready } from '../support/ready.ts';
import { TestRedis } from '../support/redis.ts';
import { post, request } from '../support/request.ts';
import { Stream } from '../support/stream.ts';

const EVENT = { channel: 'a', data: 'x' };

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
    const stream = await Stream.open(`${app.url}/stream?channel=a`);
    await stream.until('"type":"open"');
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
    const redis = await TestRedis.start({ options: ['--appendonly', 'yes', '--appendfsync', 'always'] });
    const lines = new Lines();
    const app = await startApp({ REDIS_URL: redis.url }, { log: lines.log });
    await ready(app.url);
    const stream = await Stream.open(`${app.url}/stream?channel=a`);
    await stream.until('"type":"open"');
    await post(`${app.url}/events`, { channel: 'a', data: 'before' });
    await stream.until('data: before');
    await redis.kill();
    await lines.until(/cannot be reached/);
    assert.equal((await post(`${app.url}/events`, EVENT)).status, 503);
    await redis.up();
    await lines.until(/is there/);
    await ready(app.url);
    const after = (await post(`${app.url}/events`, { channel: 'a', data: 'after' })).json as { id: string };
    await stream.until('data: after');
    assert.match(after.id, /-1000002$/, 'the numbers leap, since the restarted server may have lost some');
    assert.doesNotMatch(stream.text, /"type":"gap"/);
    stream.close();
    await app.stop();
    await redis.stop();
  });

  test('tells every live stream when Redis was emptied, and goes on with the new epoch', async () => {
    const redis = await TestRedis.start();
    const lines = new Lines();
    const app = await startApp({ REDIS_URL: redis.url }, { log: lines.log });
    await ready(app.url);
    const stream = await Stream.open(`${app.url}/stream?channel=a`);
    await stream.until('"type":"open"');
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
    await app.stop();
    await redis.stop();
  });

  test('and who only polls is told so too, also one that waits', async () => {
    const redis = await TestRedis.start();
    const lines = new Lines();
    const app = await startApp({ REDIS_URL: redis.url }, { log: lines.log });
    await ready(app.url);
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
    await app.stop();
    await redis.stop();
  });
});
