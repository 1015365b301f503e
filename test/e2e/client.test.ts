import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import type { Page } from 'playwright-core';
import type { Gap, PinstreamEvent, PinstreamOptions, Status } from '../../src/browser/client.ts';
import { startApp } from '../support/app.ts';
import { useChromium } from '../support/chromium.ts';
import { TestRedis } from '../support/redis.ts';

const CLIENT = new URL('../../dist/browser/pinstream.js', import.meta.url);

const DEADLINE = 20_000;

const { browser, closing } = useChromium();

describe('the client with the app', () => {
  test('calls handlers by channel, pattern and name', async () => {
    const { url } = await started({ PUBLISH_OPEN: '1' });
    const heard = await listen(url, { channels: ['button', 'room-*'] }, [
      ['button', 'press'],
      ['button'],
      ['room-*'],
      ['*'],
    ]);
    await heard.live();
    await publish(url, { channel: 'button', event: 'press', data: '{"press":1}' });
    await publish(url, { channel: 'button', event: 'release', data: 'r' });
    await publish(url, { channel: 'elsewhere', data: 'not meant' });
    await publish(url, { channel: 'room-2', data: 'a\nb\r\nc  ' });
    await heard.until(() => heard.events.length === 7);

    assert.deepEqual(
      heard.events.map(({ by, channel, name, data }) => [by, channel, name, data]),
      [
        ['button press', 'button', 'press', '{"press":1}'],
        ['button', 'button', 'press', '{"press":1}'],
        ['*', 'button', 'press', '{"press":1}'],
        ['button', 'button', 'release', 'r'],
        ['*', 'button', 'release', 'r'],
        ['room-*', 'room-2', 'message', 'a\nb\r\nc  '],
        ['*', 'room-2', 'message', 'a\nb\r\nc  '],
      ],
    );
    for (const { id, at } of heard.events) {
      assert.match(id, /^[0-9a-z]+-\d+$/);
      assert.ok(Math.abs(at - Date.now()) < 60_000);
    }
  });

  test('last: begins with the newest events of the log', async () => {
    const { url } = await started({ PUBLISH_OPEN: '1' });
    for (const data of ['1', '2', '3']) await publish(url, { channel: 'base', data });
    const heard = await listen(url, { channels: ['base'], last: 2 });
    await heard.until(() => heard.events.length === 2);
    assert.deepEqual(
      heard.events.map(({ data }) => data),
      ['2', '3'],
    );
  });

  test('tells what an app that stopped did, and goes on when it is back', async () => {
    const app = await started({ PUBLISH_OPEN: '1' });
    const heard = await listen(app.url, { channels: ['base'] });
    await heard.live();
    await publish(app.url, { channel: 'base', data: 'before' });
    await heard.until(() => heard.events.length === 1);
    await app.stop();
    await heard.until(() => heard.status?.state === 'waiting');
    assert.match(heard.status?.reason ?? '', /\.$/);

    await started({ PUBLISH_OPEN: '1', PORT: String(app.port) });
    await heard.live();
    // The memory bus has nothing of before: that is a new store.
    await heard.until(() => heard.gaps.length > 0);
    assert.deepEqual(
      heard.gaps.map(({ channel, certain }) => ({ channel, certain })),
      [{ channel: undefined, certain: true }],
    );
    await publish(app.url, { channel: 'base', data: 'after' });
    await heard.until(() => heard.events.length > 1);
    assert.deepEqual(
      heard.events.map(({ data }) => data),
      ['before', 'after'],
    );
  });

  test('misses nothing and doubles nothing when an app with Redis restarts', async () => {
    const redis = await TestRedis.start();
    closing.push(() => redis.stop());
    const settings = { REDIS_URL: redis.url };
    const [app, other] = [await started(settings), await started(settings)];
    const heard = await listen(app.url, { channels: ['base'] });
    await heard.live();
    await publish(other.url, { channel: 'base', data: '1' });
    await heard.until(() => heard.events.length === 1);
    await app.stop();
    await heard.until(() => heard.status?.state === 'waiting');
    for (const data of ['2', '3']) await publish(other.url, { channel: 'base', data });
    await started({ ...settings, PORT: String(app.port) });
    await heard.until(() => heard.events.length >= 3);
    await publish(other.url, { channel: 'base', data: '4' });
    await heard.until(() => heard.events.some(({ data }) => data === '4'));
    assert.deepEqual(
      heard.events.map(({ data }) => data),
      ['1', '2', '3', '4'],
    );
    assert.deepEqual(heard.gaps, []);
  });

  test('a client beyond the log is told of the gap', async () => {
    const { url } = await started({ PUBLISH_OPEN: '1', LOG_LENGTH: '2' });
    const first = await published(url, { channel: 'base', data: '1' });
    for (const data of ['2', '3', '4']) await publish(url, { channel: 'base', data });
    const heard = await listen(url, {
      channels: ['base'],
      url: `/stream?last_event_id=${first.id}`,
    });
    await heard.until(() => heard.events.length === 2);
    assert.equal(heard.gaps.length, 1);
    assert.equal(heard.gaps[0]?.channel, 'base');
    assert.equal(heard.gaps[0]?.certain, true);
    assert.deepEqual(
      heard.events.map(({ data }) => data),
      ['3', '4'],
    );
  });

  test('is one file of less than 6 KB compressed', async () => {
    const { url } = await started({});
    const response = await fetch(`${url}/pinstream.js`);
    assert.match(response.headers.get('content-type') ?? '', /javascript/);
    const text = await response.text();
    assert.doesNotMatch(text, /^\s*(import|export .* from) /m);
    assert.ok(gzipSync(text).length < 6_000, `${gzipSync(text).length} bytes`);
  });
});

describe('the client with a server that fails', () => {
  test('G1: comes back after a 502, from where it was', async () => {
    const server = await Scripted.start();
    const heard = await listen(server.url, { channels: ['base'] });
    const first = await server.stream();
    first.write('retry: 10\n\nid: e-1\n\n');
    first.tell({ type: 'open', cursor: 'e-1', channels: ['base'] });
    first.event(2, 'base', 'two');
    await heard.until(() => heard.events.length === 1);
    // Also of channels that are not listened to: the cursor is where the next stream begins.
    first.write('id: e-7\n\n');
    first.tell({ type: 'ping' });
    server.refuse(502, 'text/html', '<h1>Bad Gateway</h1>');
    first.end();
    await heard.until(() => heard.status?.retryAt !== undefined);
    assert.equal(heard.status?.state, 'waiting');
    await heard.until(() => heard.status?.reason === 'The server answered 502.');

    server.accept();
    const next = await server.stream();
    assert.equal(next.query.get('last_event_id'), 'e-7');
    assert.deepEqual(next.query.getAll('channel'), ['base']);
    next.write('id: e-7\n\n');
    next.tell({ type: 'open', cursor: 'e-7', channels: ['base'] });
    await heard.live();
  });

  test('says why it was refused', async () => {
    const server = await Scripted.start();
    server.refuse(403, 'application/json', '{"error":"This channel needs a token."}');
    const heard = await listen(server.url, { channels: ['base'] });
    await heard.until(() => heard.status?.reason === 'This channel needs a token.');
    assert.equal(heard.status?.state, 'waiting');
  });

  test('a stream that is refused in passing says so until one is open', async () => {
    const server = await Scripted.start();
    const heard = await listen(server.url, { channels: ['base'] });
    const first = await server.stream();
    first.write('retry: 10\n\n');
    first.tell({ type: 'refused', reason: 'Too many streams from this address.' });
    first.end();
    await heard.until(() => heard.status?.state === 'waiting');
    assert.equal(heard.status?.reason, 'Too many streams from this address.');
    const next = await server.stream();
    next.tell({ type: 'open', cursor: 'e-1', channels: ['base'] });
    await heard.live();
  });

  test('G10: a stream that fell silent is opened anew, from where it was', async () => {
    const server = await Scripted.start();
    const heard = await listen(server.url, { channels: ['base'] });
    const first = await server.stream();
    first.write('id: e-1\n\n');
    first.tell({ type: 'open', cursor: 'e-1', channels: ['base'], heartbeat: 100 });
    await heard.live();
    const next = await server.stream();
    assert.equal(next.query.get('last_event_id'), 'e-1');
    await heard.until(() => heard.status?.reason === 'The stream fell silent.');
    next.tell({ type: 'open', cursor: 'e-1', channels: ['base'], heartbeat: 15_000 });
    await heard.live();
  });

  test('close ends it for good', async () => {
    const server = await Scripted.start();
    const heard = await listen(server.url, { channels: ['base'] });
    const first = await server.stream();
    // Closed by what comes with the opening: the watchdog may not fire before.
    await heard.page.evaluate(`stream.on('base', () => stream.close())`);
    first.tell({ type: 'open', cursor: 'e-1', channels: ['base'], heartbeat: 20 });
    first.event(2, 'base', 'close');
    await first.closed;
    await heard.until(() => heard.status?.state === 'stopped');
    // Neither the watchdog nor the network coming back wakes it: another stream's watchdog has fired since.
    await heard.page.evaluate(`import('/pinstream.js').then(({ pinstream }) => {
      dispatchEvent(new Event('online'));
      pinstream({ channels: ['other'] });
    })`);
    for (let time = 1; time <= 2; time++) {
      const stream = await server.stream();
      assert.equal(stream.query.get('channel'), 'other');
      stream.tell({ type: 'open', cursor: 'e-1', channels: ['other'], heartbeat: 20 });
    }
    assert.equal(heard.status?.reason, 'Closed by this page.');
  });

  test("a handler's mistake is reported, and the others still hear", async () => {
    const server = await Scripted.start();
    const heard = await listen(server.url, { channels: ['base'] });
    const mistake = heard.page.waitForEvent('pageerror');
    await heard.page.evaluate(`stream.on('base', () => { throw new Error('mine'); })`);
    await heard.page.evaluate(`stream.on('base', ({ data }) => heard('event', { by: 'later', data }))`);
    const first = await server.stream();
    first.tell({ type: 'open', cursor: 'e-1', channels: ['base'] });
    first.event(2, 'base', 'two');
    await heard.until(() => heard.events.some(({ by }) => by === 'later'));
    assert.equal((await mistake).message, 'mine');
  });
});

async function started(settings: Record<string, string>) {
  const app = await startApp(settings);
  let stopped: Promise<unknown> | undefined;
  const stop = () => {
    stopped ??= Promise.resolve(app.stop());
    return stopped;
  };
  closing.push(stop);
  return { url: app.url, port: app.port, stop };
}

interface NewEvent {
  readonly channel: string;
  readonly event?: string;
  readonly data: string;
}

async function publish(url: string, event: NewEvent): Promise<void> {
  await published(url, event);
}

async function published(url: string, event: NewEvent): Promise<{ id: string }> {
  const response = await fetch(`${url}/events`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(event),
  });
  assert.equal(response.status, 201);
  return (await response.json()) as { id: string };
}

/** Opens a stream in a page of the server's, and hears what the page hears. */
async function listen(
  url: string,
  options: PinstreamOptions,
  handlers: readonly string[][] = [['*']],
): Promise<Heard> {
  const page = await browser().newPage();
  const heard = new Heard(page);
  closing.push(() => page.close());
  await page.exposeFunction('heard', (kind: string, value: unknown) => heard.take(kind, value));
  await page.goto(`${url}/test`);
  // In text: what the test's compiler adds to a function is not known in the page.
  await page.evaluate(`import('/pinstream.js').then(({ pinstream }) => {
    const onStatus = (status) => heard('status', status);
    const onGap = (gap) => heard('gap', gap);
    globalThis.stream = pinstream({ ...${JSON.stringify(options)}, onStatus, onGap });
    for (const to of ${JSON.stringify(handlers)}) stream.on(...to, (event) => heard('event', { by: to.join(' '), ...event }));
  })`);
  return heard;
}

class Heard {
  readonly page: Page;
  readonly events: (PinstreamEvent & { by: string })[] = [];
  readonly gaps: Gap[] = [];
  status: Status | undefined;
  #waiting: { met: () => boolean; done: () => void }[] = [];

  constructor(page: Page) {
    this.page = page;
  }

  take(kind: string, value: unknown): void {
    if (kind === 'event') this.events.push(value as PinstreamEvent & { by: string });
    if (kind === 'gap') this.gaps.push(value as Gap);
    if (kind === 'status') this.status = value as Status;
    for (const waiting of this.#waiting.filter(({ met }) => met())) {
      this.#waiting = this.#waiting.filter((other) => other !== waiting);
      waiting.done();
    }
  }

  until(met: () => boolean): Promise<void> {
    if (met()) return Promise.resolve();
    return new Promise((done, failed) => {
      const late = setTimeout(() => failed(new Error(`Still waiting; ${this}`)), DEADLINE);
      this.#waiting.push({
        met,
        done() {
          clearTimeout(late);
          done();
        },
      });
    });
  }

  toString(): string {
    const { status, events, gaps } = this;
    return `the page heard ${JSON.stringify({ status, events, gaps })}`;
  }

  live(): Promise<void> {
    return this.until(() => this.status?.state === 'live');
  }
}

/** A server whose every stream is written by the test. */
class Scripted {
  url = '';
  requests = 0;
  #refusal: { status: number; type: string; body: string } | undefined;
  readonly #streams: ScriptedStream[] = [];
  #arrived: (() => void) | undefined;

  static async start(): Promise<Scripted> {
    const scripted = new Scripted();
    const server = createServer((request, response) => void scripted.#answer(request, response));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    scripted.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    closing.push(async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    });
    return scripted;
  }

  /** The next stream that is opened. */
  async stream(): Promise<ScriptedStream> {
    if (this.#streams.length === 0) {
      await new Promise<void>((arrived, failed) => {
        const late = setTimeout(() => failed(new Error('No stream was opened.')), DEADLINE);
        this.#arrived = () => {
          clearTimeout(late);
          arrived();
        };
      });
    }
    return this.#streams.shift() as ScriptedStream;
  }

  refuse(status: number, type: string, body: string): void {
    this.#refusal = { status, type, body };
  }

  accept(): void {
    this.#refusal = undefined;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    if (url.pathname === '/pinstream.js') {
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(await readFile(CLIENT));
    } else if (url.pathname !== '/stream') {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Scripted</title>');
    } else if (this.#refusal) {
      this.requests++;
      response
        .writeHead(this.#refusal.status, { 'content-type': this.#refusal.type })
        .end(this.#refusal.body);
    } else {
      this.requests++;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      this.#streams.push(new ScriptedStream(url.searchParams, response));
      this.#arrived?.();
    }
  }
}

class ScriptedStream {
  readonly query: URLSearchParams;
  readonly closed: Promise<unknown>;
  readonly #response: ServerResponse;

  constructor(query: URLSearchParams, response: ServerResponse) {
    this.query = query;
    this.#response = response;
    this.closed = once(response, 'close');
  }

  write(text: string): void {
    this.#response.write(text);
  }

  tell(message: { cursor?: string; [name: string]: unknown }, id = message.cursor): void {
    this.write(`${id ? `id: ${id}\n` : ''}event: pinstream\ndata: ${JSON.stringify(message)}\n\n`);
  }

  event(n: number, channel: string, data: string): void {
    this.tell({ type: 'event', channel, event: 'message', data, at: Date.now(), id: `e-${n}` }, `e-${n}`);
  }

  end(): void {
    this.#response.end();
  }
}
