import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { closeSendEvent, sendEvent } from '../../src/index.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { ready } from '../support/ready.ts';
import { TestRedis } from '../support/redis.ts';
import { Stream } from '../support/stream.ts';

describe('sendEvent, from any backend', () => {
  let redis: TestRedis;
  let app: TestApp;
  before(async () => {
    redis = await TestRedis.start();
    process.env.REDIS_URL = redis.url;
    app = await startApp({ REDIS_URL: redis.url });
    await ready(app.url);
  });
  after(async () => {
    await closeSendEvent();
    await app.stop();
    await redis.stop();
  });

  test('reaches browsers, and answers the id of the event', async () => {
    const stream = await Stream.open(`${app.url}/stream?channel=logs`);
    await stream.until('"open"');
    const first = await sendEvent('myevent', { message: 'Hello!' }, { channel: 'logs' });
    const second = await sendEvent('message', 'two\r\nlines', { channel: 'logs' });
    await stream.until('lines\n\n');
    assert.equal(
      stream.events,
      `id: ${first}\nevent: myevent\ndata: {"message":"Hello!"}\n\nid: ${second}\ndata: two\ndata: lines\n\n`,
    );
    stream.close();
  });

  test('publishes on the channel that pages without one listen to, when none is named', async () => {
    const stream = await Stream.open(`${app.url}/stream`);
    await stream.until('"open"');
    const ids = await Promise.all(['a', 'b', 'c'].map((data) => sendEvent('message', data)));
    await stream.until('data: c\n\n');
    assert.equal(stream.events, ids.map((id, i) => `id: ${id}\ndata: ${'abc'[i]}\n\n`).join(''));
    stream.close();
  });

  test('keeps when it happened', async () => {
    const stream = await Stream.open(`${app.url}/stream?channel=then&envelope=1`);
    await stream.until('"open"');
    const id = await sendEvent('tick', 7, { channel: 'then', at: 1_795_000_000_000.125 });
    await stream.until('"event":"tick"');
    assert.equal(
      stream.events,
      `id: ${id}\nevent: pinstream\ndata: {"type":"event","channel":"then","event":"tick","data":"7","at":1795000000000.125,"id":"${id}"}\n\n`,
    );
    stream.close();
  });

  test('waits for a Redis that is away for a moment', async () => {
    await redis.kill();
    const sent = sendEvent('message', 'after all', { channel: 'late' });
    await redis.up();
    assert.match(await sent, /^\w+-\d+$/);
  });

  test('refuses what can never be an event, with a sentence', async () => {
    const refused: [unknown[], string][] = [
      [['open', 'a'], '"open" is a name that streams use themselves: choose another.'],
      [
        ['a', 'b', { channel: 'c*' }],
        'A channel cannot contain "*": that is for patterns, which only listen.',
      ],
      [['a', undefined], 'There is no data.'],
      [
        ['a', 'x'.repeat(65_537)],
        'The data of an event has at most 64 KiB in UTF-8: send a link to what is larger.',
      ],
    ];
    for (const [args, message] of refused) {
      await assert.rejects(sendEvent(...(args as Parameters<typeof sendEvent>)), {
        name: 'TypeError',
        message,
      });
    }
  });

  test('needs to know which Redis, and can be told later', async () => {
    await closeSendEvent();
    delete process.env.REDIS_URL;
    await assert.rejects(sendEvent('message', 'a'), {
      message: 'REDIS_URL is not set: say which Redis the app uses, as REDIS_URL=redis://localhost:6379.',
    });
    process.env.REDIS_URL = redis.url;
    assert.match(await sendEvent('message', 'a'), /^\w+-\d+$/);
  });
});
