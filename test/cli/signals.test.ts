import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { freePort } from '../support/freePort.ts';
import { eventually, ready } from '../support/ready.ts';
import { TestRedis } from '../support/redis.ts';
import { post, request } from '../support/request.ts';
import { Stream } from '../support/stream.ts';
import { Command, type CommandOptions, startCommand } from './command.ts';

const OPEN = { PUBLISH_OPEN: '1', ADOPT: '*' };

/** One connection, byte by byte. */
class Connection {
  text = '';
  readonly #socket: Socket;
  readonly #closed: Promise<unknown>;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#closed = new Promise((done) => socket.once('close', done));
    socket.setEncoding('utf8').on('data', (text: string) => {
      this.text += text;
    });
    socket.on('error', () => {}); // cut off: an end too
  }

  static async open(port: number): Promise<Connection> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Connection(socket);
  }

  /** A request of which the app has the head and one byte. */
  static async half(port: number): Promise<Connection> {
    const half = await Connection.open(port);
    half.send(
      'POST /events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n' +
        `Content-Length: ${BODY.length}\r\nExpect: 100-continue\r\n\r\n${BODY[0]}`,
    );
    await half.until('100 Continue');
    return half;
  }

  send(text: string): void {
    this.#socket.write(text);
  }

  async until(part: string): Promise<void> {
    while (!this.text.includes(part)) {
      if (this.#socket.closed) throw new Error(`It ended without ${part}: ${JSON.stringify(this.text)}`);
      await Promise.race([once(this.#socket, 'data'), this.#closed]);
    }
  }

  async ended(): Promise<void> {
    await this.#closed;
  }
}

const BODY = '{"channel":"a","data":"whole after all"}';

/** A command that is ended with its test, however that goes. */
async function started(t: TestContext, args: string[], options?: CommandOptions) {
  const running = await startCommand(args, options);
  t.after(() => running.command.signal('SIGKILL'));
  return running;
}

/** The times after which the browsers of these streams come back; each has heard such a time, why, and its end. */
function comingBack(streams: readonly Stream[], last: RegExp): number[] {
  return streams.map(({ text }) => {
    const [, retry = ''] = last.exec(text) ?? [];
    assert.notEqual(retry, '', `not its last words: ${JSON.stringify(text)}`);
    return Number(retry);
  });
}

const CLOSING = /\n\nretry: (\d+)\n\nevent: pinstream\ndata: \{"type":"closing"\}\n\n$/;
const CLOSING_SSE = /\n\nretry: (\d+)\n\n$/;

// They mostly wait, each for other processes.
describe('SIGTERM', { concurrency: true }, () => {
  test('tells every stream when to come back, refuses new ones, and lets a request finish', async (t) => {
    const { command, url, port } = await started(t, ['serve'], { env: OPEN });
    await ready(url);
    const opened = async (path: string) => {
      const stream = await Stream.open(`${url}${path}`);
      await stream.until('\nid: ');
      return stream;
    };
    const streams = await Promise.all(Array.from({ length: 8 }, () => opened('/stream?channel=a')));
    const others = await Promise.all(Array.from({ length: 8 }, () => opened('/sse/?channels=a')));
    // The app takes connections in their order: as it has answered the last one, it has taken these.
    const readyz = await Connection.open(port);
    const late = await Connection.open(port);
    const half = await Connection.half(port);
    command.signal('SIGTERM');
    await Promise.all([...streams, ...others].map((stream) => stream.ended()));
    const retries = [...comingBack(streams, CLOSING), ...comingBack(others, CLOSING_SSE)];
    assert.ok(
      retries.every((ms) => ms >= 1_000 && ms <= 5_000),
      `${retries}`,
    );
    assert.ok(Math.max(...retries) - Math.min(...retries) >= 1_000, `at about the same time: ${retries}`);

    // The request is not whole yet: the app is still there, for connections that it has.
    readyz.send('GET /readyz HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await readyz.ended();
    assert.match(
      readyz.text,
      /^HTTP\/1\.1 503 .*\{"ready":false,"problem":"This app is about to stop\."\}$/s,
    );
    late.send('GET /stream?channel=a HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await late.ended();
    assert.match(
      late.text,
      /^HTTP\/1\.1 200 OK\r\n.*retry: [234]\d{3}\n\nevent: pinstream\ndata: \{"type":"refused","reason":"This server is about to stop\."\}\n\n/s,
    );
    await assert.rejects(Connection.open(port), { code: 'ECONNREFUSED' });

    half.send(BODY.slice(1));
    await half.ended();
    assert.match(half.text, /HTTP\/1\.1 201 Created\r\n(?:.*\r\n)*Connection: close\r\n.*"id":"\w+-\d+"/s);
    const { code, errors } = await command.ended();
    assert.deepEqual({ code, errors }, { code: 0, errors: '' });
  });

  test('does not wait for ever for a request that never becomes whole', async (t) => {
    const { command, port } = await started(t, ['start']);
    const half = await Connection.half(port);
    const { code } = await command.stop();
    await half.ended();
    assert.equal(code, 0);
  });

  test('ends all parts while Redis is frozen, and the streams hear of it', async (t) => {
    const redis = await TestRedis.start();
    t.after(() => redis.stop());
    const env = { ...OPEN, REDIS_URL: redis.url, GPIO_DRIVER: 'mock' };
    const { command: serve, url } = await started(t, ['serve'], { env });
    const { command: start } = await started(t, ['start'], { env });
    const sidecar = new Command(['sidecar'], { env });
    t.after(() => sidecar.signal('SIGKILL'));
    await sidecar.until(/The sidecar watches/);
    await ready(url);
    const stream = await Stream.open(`${url}/stream?channel=device&last=1`);
    await stream.until('"online"');
    // An app that has just been started has its lease, and gives it back at its end.
    await eventually('a keeper', async () => (await redis.command('EXISTS', 'pinstream:keeper')) === 1);
    redis.pause();
    const underWay = post(`${url}/events`, { channel: 'a', data: 'x' });
    underWay.catch(() => undefined); // awaited below
    await eventually('the POST is under way', async () =>
      (await request(`${url}/metrics`)).text.includes('pinstream_requests 3\n'),
    );
    const ends = [serve, start, sidecar].map((command) => command.stop());
    await stream.ended();
    comingBack([stream], CLOSING);
    assert.equal((await underWay).status, 503);
    assert.deepEqual(
      (await Promise.all(ends)).map(({ code, errors }) => ({ code, errors })),
      Array(3).fill({ code: 0, errors: '' }),
    );
  });

  test('ends what has not reached its Redis yet', async (t) => {
    const redis = await TestRedis.start();
    t.after(() => redis.stop());
    redis.pause(); // it takes connections and says nothing
    const env = { ...OPEN, REDIS_URL: redis.url, GPIO_DRIVER: 'mock' };
    const { command: serve } = await started(t, ['serve'], { env });
    const { command: start } = await started(t, ['start'], { env });
    const sidecar = new Command(['sidecar'], { env });
    t.after(() => sidecar.signal('SIGKILL'));
    await sidecar.until(/The sidecar watches/);
    for (const { code, errors } of await Promise.all([serve.stop(), start.stop(), sidecar.stop()])) {
      assert.deepEqual({ code, errors }, { code: 0, errors: '' });
    }
  });
});

describe('a second signal', () => {
  for (const name of ['start', 'serve', 'sidecar']) {
    test(`ends ${name} at once`, async (t) => {
      const redis = await TestRedis.start();
      t.after(() => redis.stop());
      const env = { ...OPEN, REDIS_URL: redis.url, GPIO_DRIVER: 'mock' };
      const command = new Command([name, ...(name === 'sidecar' ? [] : ['--port', '0'])], { env });
      t.after(() => command.signal('SIGKILL'));
      const [, port] = await command.until(/localhost:(\d+)|The sidecar watches/);
      await command.until(/is there/);
      // What a clean end would wait for: a request that never becomes whole, or the word that the device is offline.
      if (port) await Connection.half(Number(port));
      else redis.pause();
      command.signal('SIGTERM');
      await command.until(/SIGTERM: stopping\./);
      command.signal('SIGINT');
      const { code, errors } = await command.ended();
      assert.deepEqual({ code, errors }, { code: 1, errors: '' });
    });
  }
});

test('a Redis that comes later is served without a restart, by the app and the sidecar', async (t) => {
  const port = await freePort();
  const env = { ...OPEN, REDIS_URL: `redis://127.0.0.1:${port}`, GPIO_DRIVER: 'mock' };
  const { command: serve, url } = await started(t, ['serve'], { env });
  const sidecar = new Command(['sidecar'], { env });
  t.after(() => sidecar.signal('SIGKILL'));
  await Promise.all([serve, sidecar].map((command) => command.until(/cannot be reached: nothing listens/)));
  const refused = await request(`${url}/stream?channel=device`);
  assert.match(refused.text, /"type":"refused","reason":"Redis at /);
  const redis = await TestRedis.start({ port });
  t.after(() => redis.stop());
  await ready(url);
  const stream = await Stream.open(`${url}/stream?channel=device&last=1`);
  await stream.until('"online"');
  assert.equal((await post(`${url}/events`, { channel: 'a', data: 'x' })).status, 201);
  stream.close();
  for (const { code, errors } of await Promise.all([serve.stop(), sidecar.stop()])) {
    assert.deepEqual({ code, errors }, { code: 0, errors: '' });
  }
});
