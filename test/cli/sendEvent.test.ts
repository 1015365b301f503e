import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { closeSendEvent, connectPublisher, sendEvent } from '../../src/index.ts';
import { readSettings } from '../../src/lib/settings.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { freePort } from '../support/freePort.ts';
import { Lines } from '../support/lines.ts';
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

describe('a publisher whose Redis is away', () => {
  async function publisherOf(patience: number) {
    const port = await freePort();
    const { settings } = readSettings({ REDIS_URL: `redis://127.0.0.1:${port}` });
    const lines = new Lines();
    const publisher = await connectPublisher({ settings, patience, log: lines.log });
    return { publisher, port, lines };
  }

  test('says which event it gave up, and why, and sends what comes later', async (t) => {
    const { publisher, port } = await publisherOf(600);
    t.after(() => publisher.close());
    await assert.rejects(publisher.sendEvent('tick', 1, { channel: 'clock' }), {
      name: 'GaveUp',
      message:
        'The event "tick" on channel "clock" was not published. Given up after 0.6 s: ' +
        `Redis at 127.0.0.1:${port} cannot be reached: nothing listens there. Is it running?`,
    });
    const redis = await TestRedis.start({ port });
    t.after(() => redis.stop());
    const sent = (): Promise<string> => publisher.sendEvent('tick', 2, { channel: 'clock' }).catch(sent);
    assert.match(await sent(), /-1$/);
  });

  test('gives up what waits when it is closed, says so in the log, and takes no more', async () => {
    const { publisher, lines } = await publisherOf(60_000);
    const waiting = ['1', '2'].map((data) => publisher.sendEvent('tick', data));
    const said = Promise.allSettled(waiting);
    await publisher.close();
    const lost = 'The event "tick" on channel "sse" was not published.';
    assert.deepEqual(
      (await said).map((one) => one.status === 'rejected' && one.reason.message),
      Array(2).fill(`${lost} The end came before the store could be reached.`),
    );
    await lines.until(/^Events were lost: Redis could not be reached before the end\.$/);
    await assert.rejects(publisher.sendEvent('tick', '3'), {
      message: `${lost} What should send it is closed.`,
    });
  });

  test('holds no more than 64 MiB, and says which it dropped', async () => {
    const { publisher } = await publisherOf(60_000);
    const data = 'x'.repeat(65_000);
    const sent = Array.from({ length: 1_034 }, (_, i) => publisher.sendEvent(`e${i}`, data));
    const said = Promise.allSettled(sent);
    await publisher.close();
    const dropped = (await said).flatMap((one) =>
      one.status === 'rejected' && /MiB/.test(one.reason.message) ? [one.reason.message] : [],
    );
    assert.deepEqual(
      dropped,
      ['e1', 'e2'].map(
        (name) =>
          `The event "${name}" on channel "sse" was not published. ` +
          'More than 64 MiB waited for the store: the oldest was dropped.',
      ),
    );
  });
});
