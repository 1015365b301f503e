import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, describe, type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { appendScript } from '../../src/bus/scripts.ts';
import type { Store } from '../../src/bus/store.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { eventually, ready } from '../support/ready.ts';
import { TestRedis } from '../support/redis.ts';
import { post, request } from '../support/request.ts';

type OnRedis = Store & { kind: 'redis' };

/** The writes to Redis that an append was in, each as the names of its commands. */
class Writes {
  readonly all: string[][] = [];

  constructor(t: TestContext, app: TestApp) {
    const { stream } = (app.store as OnRedis).link.send;
    const { _write: write, _writev: writev } = stream;
    stream._write = (...given) => {
      this.#note(String(given[0]));
      write.apply(stream, given);
    };
    stream._writev = (...given) => {
      this.#note(given[0].map(({ chunk }) => String(chunk)).join(''));
      writev?.apply(stream, given);
    };
    t.after(() => Object.assign(stream, { _write: write, _writev: writev }));
  }

  #note(text: string): void {
    const names = [...text.matchAll(/(?:^|\r\n)\*\d+\r\n\$\d+\r\n(\w+)/g)].map(([, name]) => name as string);
    // Not what the bus asks every few seconds, which is a script too.
    if (text.includes(appendScript.sha)) this.all.push(names);
  }
}

const event = (i: number) => ({ channel: 'a', data: `${i}` });

describe('what a publish asks of Redis', () => {
  let redis: TestRedis;
  let app: TestApp;
  before(async () => {
    redis = await TestRedis.start();
    app = await startApp({ REDIS_URL: redis.url });
    await ready(app.url);
  });
  after(async () => {
    await app.stop();
    await redis.stop();
  });

  test('is the append alone, once the app knows that it is alone', async (t) => {
    await post(`${app.url}/events`, event(0));
    const writes = new Writes(t, app);
    const { status } = await post(`${app.url}/events`, event(1));
    // Who else is there is asked once a second, in the same write.
    const asked = writes.all.map((one) => one.filter((name) => name !== 'smembers'));
    assert.deepEqual([status, asked], [201, [['evalsha']]]);
  });

  test('is one write for a hundred events in a list, kept in their order', async (t) => {
    const { n } = await app.store.bus.position();
    const writes = new Writes(t, app);
    const { status } = await post(
      `${app.url}/events`,
      Array.from({ length: 100 }, (_, i) => event(i)),
    );
    assert.deepEqual(
      [status, writes.all.length, writes.all[0]?.filter((one) => one === 'evalsha').length],
      [201, 1, 100],
    );
    const { events } = await app.store.bus.since({ channels: ['a'], after: n });
    assert.deepEqual(
      events.map(({ data }) => data),
      Array.from({ length: 100 }, (_, i) => `${i}`),
    );
  });

  test('is one write for sixteen requests that come together', async (t) => {
    const writes = new Writes(t, app);
    const socket = connect(app.port, '127.0.0.1');
    t.after(() => socket.destroy());
    await once(socket, 'connect');
    const body = JSON.stringify(event(1));
    const one = `POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
    let answers = '';
    socket.setEncoding('utf8').on('data', (text: string) => {
      answers += text;
    });
    socket.write(one.repeat(16));
    await eventually('all are answered', async () => {
      await turn();
      return answers.split('HTTP/1.1 201').length === 17;
    });
    assert.deepEqual(
      [writes.all.length, writes.all.flat().filter((name) => name === 'evalsha').length],
      [1, 16],
    );
  });

  test('is one write too where others are asked who listens, and their streams are counted', async (t) => {
    const other = await startApp({ REDIS_URL: redis.url });
    t.after(() => other.stop());
    await ready(other.url);
    const { epoch, n } = await other.store.bus.position();
    const poll = request(`${other.url}/events?channel=b&since=${epoch}-${n}&wait=60`);
    await eventually('it is reported and known', async () => {
      await request(`${other.url}/stats`);
      return JSON.stringify((await request(`${app.url}/stats`)).json) === '[["b",1]]';
    });
    const writes = new Writes(t, app);
    const answer = await post(`${app.url}/events`, { channel: 'b', data: 'x' });
    await poll;
    assert.deepEqual((answer.json as { streams: number }).streams, 1);
    assert.equal(writes.all.length, 1);
    assert.deepEqual(
      writes.all[0]?.filter((name) => name !== 'smembers'),
      ['hmget', 'evalsha'],
    );
  });

  test('goes on when somebody has made Redis forget its scripts', async () => {
    await redis.command('SCRIPT', 'FLUSH');
    const { n } = await app.store.bus.position();
    const { status } = await post(`${app.url}/events`, event(7));
    assert.deepEqual([status, (await app.store.bus.position()).n], [201, n + 1]);
  });

  test('a stream that was opened before the publish is counted at once', async (t) => {
    const controller = new AbortController();
    t.after(() => controller.abort());
    const { ok } = await fetch(`${app.url}/stream?channel=c`, { signal: controller.signal });
    const answer = await post(`${app.url}/events`, { channel: 'c', data: 'x' });
    assert.deepEqual([ok, (answer.json as { streams: number }).streams], [true, 1]);
  });
});

test('a body is read alike whether it needs the body parser or not', async (t) => {
  const app = await startApp();
  t.after(() => app.stop());
  const send = async (type: string, body: string | Uint8Array<ArrayBuffer>) => {
    const answer = await fetch(`${app.url}/events`, {
      method: 'POST',
      headers: { 'Content-Type': type },
      body: new Blob([body]),
    });
    const said: unknown = await answer.json();
    return [answer.status, answer.ok ? undefined : said];
  };
  for (const body of [
    '{"channel":"a","data":"x"}',
    '\ufeff{"channel":"a","data":"x"}',
    ' [{"channel":"a","data":{"é":"\\u005f"}}]\n',
    Uint8Array.from([...Buffer.from('{"channel":"a","data":"'), 0xff, ...Buffer.from('"}')]),
    '{}',
    '',
    ' ',
    '{',
    'nothing',
    '"text"',
    '{"channel":"a","data":{"__proto__":1}}',
    '{"channel":"a","data":{"__\\u0070roto__":1}}',
    '{"channel":"a","data":{"\\u005f_pr\\u006fto__":1}}',
    '{"channel":"a","data":"__proto__"}',
  ]) {
    const plain = await send('application/json', body);
    assert.deepEqual(plain, await send('application/json; charset=utf-8', body), String(body));
  }
});
