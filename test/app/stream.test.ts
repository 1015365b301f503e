import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { NewEvent } from '../../src/contract/event.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { Cutter } from '../support/cutter.ts';
import { Line, unchunk } from '../support/line.ts';
import { request } from '../support/request.ts';
import { afterOpening, Stream } from '../support/stream.ts';

function event(data: string, more: Partial<NewEvent> = {}): NewEvent {
  return { channel: 'a', name: 'message', data, at: 1763668800123.456, ...more };
}

describe('a stream, byte by byte', () => {
  let app: TestApp;
  before(async () => {
    app = await startApp({ HEARTBEAT: '1h' });
  });
  after(() => app.stop());

  test('begins with a jittered retry, the present cursor, and a word of itself', async () => {
    const { epoch, n } = await app.store.bus.position();
    const retries = new Set<string>();
    for (let i = 0; i < 20; i++) {
      const stream = await Stream.open(`${app.url}/stream?channel=b&channel=a`);
      await stream.until('"open"');
      const cursor = `${epoch}-${n}`;
      const [, retry = ''] = /^retry: ([23]\d{3}|4000)\n\n/.exec(stream.text) ?? assert.fail(stream.text);
      retries.add(retry);
      const open = JSON.stringify({ type: 'open', cursor, channels: ['a', 'b'], heartbeat: 3_600_000 });
      assert.equal(
        stream.text,
        `retry: ${retry}\n\nid: ${cursor}\n\nid: ${cursor}\nevent: pinstream\ndata: ${open}\n\n`,
      );
      stream.close();
    }
    assert.ok(retries.size > 5, 'each is told another time');
  });

  test('says of itself that no proxy may keep or change it', async () => {
    const stream = await Stream.open(`${app.url}/stream`);
    assert.equal(stream.status, 200);
    assert.equal(stream.headers['content-type'], 'text/event-stream; charset=utf-8');
    assert.equal(stream.headers['cache-control'], 'no-cache, no-transform');
    assert.equal(stream.headers['x-accel-buffering'], 'no');
    stream.close();
  });

  const worded: [string, NewEvent, string, string][] = [
    ['a message', event('hello'), 'data: hello\n', 'data: hello\n'],
    ['a named event', event('x', { name: 'press' }), 'event: press\ndata: x\n', 'data: ["press","x"]\n'],
    ['nothing', event(''), 'data: \n', 'data: \n'],
    [
      'CR, LF and CRLF (G3)',
      event('a\rb\nc\r\nd\n'),
      'data: a\ndata: b\ndata: c\ndata: d\ndata: \n',
      'data: a\ndata: b\ndata: c\ndata: d\ndata: \n',
    ],
    [
      'U+2028, which ends no line (G3)',
      event('a\u2028b\u0085c'),
      'data: a\u2028b\u0085c\n',
      'data: a\u2028b\u0085c\n',
    ],
    ['NUL and astral characters', event('a\0𝄞'), 'data: a\0𝄞\n', 'data: a\0𝄞\n'],
    ['a leading space', event(' a'), 'data:  a\n', 'data:  a\n'],
    ['a raw pair', event('d', { name: 'e', raw: '["e", "d"]' }), 'event: e\ndata: d\n', 'data: ["e", "d"]\n'],
    ['64 KiB', event('é'.repeat(32_768)), `data: ${'é'.repeat(32_768)}\n`, `data: ${'é'.repeat(32_768)}\n`],
  ];
  for (const [what, given, inStream, inSse] of worded) {
    test(`words ${what}, live and replayed, in every dialect`, async () => {
      const before = await app.store.bus.position();
      const queries = [
        '/stream?channel=a',
        '/sse/?channels=a',
        '/stream?channel=a&envelope=1',
        '/?channels=a',
      ];
      const live = await Promise.all(queries.map((query) => Stream.open(app.url + query)));
      const { epoch, n } = await app.store.bus.append(given);
      const id = `${epoch}-${n}`;
      const { channel, name, data, at } = given;
      const said = JSON.stringify({ type: 'event', channel, event: name, data, at, id });
      const expected = [
        `id: ${id}\n${inStream}\n`,
        `id: ${id}\n${inSse}\n`,
        `id: ${id}\nevent: pinstream\ndata: ${said}\n\n`,
        `id: ${id}\n${inSse}\n`,
      ];
      for (const [i, stream] of live.entries()) {
        await stream.until(expected[i] as string);
        assert.equal(stream.events, expected[i]);
        stream.close();
        const again = await Stream.open(app.url + queries[i], { 'Last-Event-ID': `${epoch}-${before.n}` });
        await again.until(`${expected[i]}id: ${id}\n\n`);
        assert.equal(again.events, `${expected[i]}id: ${id}\n\n`);
        again.close();
      }
    });
  }

  test('goes over HTTP/1.1 in well-formed chunks, also when many events leave at once', async () => {
    const line = await Line.open(app.port);
    line.socket.write('GET /stream?channel=burst HTTP/1.1\r\nHost: localhost\r\n\r\n');
    await line.until(() => line.text.includes('"open"'));
    const sent = await Promise.all(
      Array.from({ length: 50 }, (_, i) => app.store.bus.append(event(`ü${i}`, { channel: 'burst' }))),
    );
    await line.until(() => line.text.includes('49\n\n'));
    const [, head = '', body = ''] = /^([\s\S]*?\r\n)\r\n([\s\S]*)$/.exec(line.text) ?? [];
    assert.match(head, /^HTTP\/1\.1 200 OK\r\n/);
    assert.match(head, /Transfer-Encoding: chunked\r\n/i);
    const text = Buffer.from(unchunk(body), 'latin1').toString();
    assert.equal(
      afterOpening(text),
      sent.map(({ epoch, n }, i) => `id: ${epoch}-${n}\ndata: ü${i}\n\n`).join(''),
    );
    line.socket.destroy();
  });

  test('goes to an HTTP/1.0 reader without chunks', async () => {
    const line = await Line.open(app.port);
    line.socket.write('GET /stream?channel=a HTTP/1.0\r\n\r\n');
    await line.until(() => line.text.includes('"open"'));
    const { epoch, n } = await app.store.bus.append(event('old'));
    await line.until(() => line.text.includes('old\n\n'));
    const body = line.text.slice(line.text.indexOf('\r\n\r\n') + 4);
    assert.equal(afterOpening(body), `id: ${epoch}-${n}\ndata: old\n\n`);
    line.socket.destroy();
  });

  test('waits its turn when it was asked for behind another request', async () => {
    const line = await Line.open(app.port);
    line.socket.write(
      'GET /healthz HTTP/1.1\r\nHost: a\r\n\r\nGET /stream?channel=a HTTP/1.1\r\nHost: a\r\n\r\n',
    );
    await line.until(() => line.text.includes('"open"'));
    const { n } = await app.store.bus.append(event('piped'));
    await line.until(() => line.text.includes('piped\n\n'));
    const [first, second] = line.text.split('HTTP/1.1 200 OK').slice(1);
    assert.match(first ?? '', /\{"status":"ok"\}$/);
    const body = unchunk((second ?? '').slice((second ?? '').indexOf('\r\n\r\n') + 4));
    assert.match(afterOpening(body), new RegExp(`^id: \\w+-${n}\\ndata: piped\\n\\n$`));
    line.socket.destroy();
  });

  test('answers HEAD with its headers alone, and the connection goes on', async () => {
    const line = await Line.open(app.port);
    line.socket.write('HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\nGET /healthz HTTP/1.1\r\nHost: a\r\n\r\n');
    await line.until(() => line.text.endsWith('{"status":"ok"}'));
    assert.match(line.text, /^HTTP\/1\.1 200 OK\r\n[\s\S]*?text\/event-stream/);
    assert.doesNotMatch(line.text, /retry/);
    line.socket.destroy();
  });

  test('ends with closing and a retry of its own when the app stops', async () => {
    const other = await startApp();
    const streams = await Promise.all(Array.from({ length: 10 }, () => Stream.open(`${other.url}/stream`)));
    const sse = await Stream.open(`${other.url}/sse/?channels=a`);
    for (const stream of [...streams, sse]) await stream.until('id: ');
    await other.stop();
    const retries = new Set<string>();
    for (const stream of streams) {
      await stream.ended();
      const [, retry = ''] =
        /^retry: (\d{4})\n\nevent: pinstream\ndata: \{"type":"closing"\}\n\n$/.exec(stream.events) ??
        assert.fail(stream.events);
      retries.add(retry);
    }
    await sse.ended();
    assert.match(sse.text, /\n\nretry: \d{4}\n\n$/);
    assert.ok(retries.size > 3);
  });
});

describe('the heartbeat', () => {
  test('says that the stream lives and how far it has come; a cut after it loses nothing and repeats nothing', async () => {
    const app = await startApp({ HEARTBEAT: '50ms' });
    const stream = await Stream.open(`${app.url}/stream?channel=a`);
    const sse = await Stream.open(`${app.url}/sse/?channels=a`);
    await app.store.bus.append(event('elsewhere', { channel: 'b' }));
    const { epoch, n } = await app.store.bus.position();
    const cursor = `${epoch}-${n}`;
    const ping = `id: ${cursor}\nevent: pinstream\ndata: {"type":"ping","cursor":"${cursor}"}\n\n`;
    await stream.until(ping);
    await sse.until(': sse ping\n\n');
    assert.match(sse.events, /^(: sse ping\n\n)+$/);
    stream.close();
    sse.close();
    await app.stop();
  });
});

describe('a reader that does not read', () => {
  test('is cut off beyond CLIENT_BUFFER and replays when it comes back; others never wait for it', async () => {
    const app = await startApp({ CLIENT_BUFFER: '256KiB', LOG_LENGTH: '2000' });
    const stuck = await Line.open(app.port);
    stuck.socket.write('GET /stream?channel=a HTTP/1.1\r\nHost: a\r\n\r\n');
    await stuck.until(() => stuck.text.includes('"open"'));
    stuck.socket.pause();
    const quick = await Stream.open(`${app.url}/stream?channel=a`);
    await quick.until('"open"');
    const data = 'x'.repeat(60_000);
    let metrics = '';
    let sent = 0;
    while (!/streams_cut_total\{reason="slow"\} 1/.test(metrics)) {
      const { epoch, n } = await app.store.bus.append(event(`${sent++} ${data}`));
      await quick.until(`id: ${epoch}-${n}\n`);
      metrics = (await request(`${app.url}/metrics`)).text;
      assert.ok(sent < 1000, 'it is cut off at some time');
    }
    assert.match(metrics, /pinstream_streams 1\n/);
    stuck.socket.destroy();
    const { epoch } = await app.store.bus.position();
    const back = await Stream.open(`${app.url}/stream?channel=a`, { 'Last-Event-ID': `${epoch}-0` });
    await back.until(`id: ${epoch}-${sent}\n\n`);
    const ids = [...back.events.matchAll(/^id: \w+-(\d+)\ndata/gm)].map(([, n]) => Number(n));
    assert.deepEqual(
      ids,
      Array.from({ length: sent }, (_, i) => i + 1),
    );
    quick.close();
    back.close();
    await app.stop();
  });
});

describe('a cut in the middle of a replay', () => {
  test('does not move the cursor beyond what was written', async () => {
    const app = await startApp();
    const cutter = await Cutter.start(app.port);
    const { bus } = app.store;
    for (let i = 1; i <= 600; i++) await bus.append(event(`${i} ${'x'.repeat(20_000)}`));
    const { epoch } = await bus.position();
    const stream = await Stream.open(`${cutter.url}/stream?channel=a`, { 'Last-Event-ID': `${epoch}-0` });
    await stream.until('data: 20 ');
    cutter.cut();
    await stream.ended();
    const ids = [...stream.text.matchAll(/^id: \w+-(\d+)$/gm)].map(([, n]) => Number(n));
    assert.equal(ids[0], 0, 'the replay begins with the cursor that the reader had');
    assert.ok(!ids.includes(600), 'and was cut before its end');
    assert.deepEqual(
      ids.slice(2),
      Array.from({ length: ids.length - 2 }, (_, i) => i + 1),
    );
    await cutter.stop();
    await app.stop();
  });
});

describe('a reader that leaves', () => {
  const none = async (app: TestApp) => {
    let metrics = '';
    while (!/^pinstream_streams 0$/m.test(metrics)) metrics = (await request(`${app.url}/metrics`)).text;
    assert.deepEqual((await request(`${app.url}/stats`)).json, []);
  };

  test('takes the streams with it that it asked for one behind the other', async () => {
    const app = await startApp();
    const line = await Line.open(app.port);
    line.socket.write('GET /stream?channel=a HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(20));
    await line.until(() => line.text.includes('"open"'));
    let metrics = '';
    while (!/^pinstream_streams 20$/m.test(metrics)) metrics = (await request(`${app.url}/metrics`)).text;
    line.socket.destroy();
    await none(app);
    await app.stop();
  });

  test('leaves nothing behind when it goes while it is asked who it is', async () => {
    let asked = () => {};
    let answer = (_: boolean) => {};
    const isAsked = new Promise<void>((done) => {
      asked = done;
    });
    const answered = new Promise<boolean>((done) => {
      answer = done;
    });
    const authorize = ({ url = '' }: { url?: string | undefined }) => {
      if (!url.startsWith('/stream')) return true;
      asked();
      return answered;
    };
    const app = await startApp({}, { authorize });
    const line = await Line.open(app.port);
    line.socket.write('GET /stream?channel=a HTTP/1.1\r\nHost: a\r\n\r\n');
    await isAsked;
    line.socket.destroy();
    let metrics = '';
    while (!/^pinstream_requests 1$/m.test(metrics)) metrics = (await request(`${app.url}/metrics`)).text;
    answer(true);
    await none(app);
    await app.stop();
  });
});

describe('limits', () => {
  test('on streams in all and of one address are refusals that EventSource survives (G1, G19)', async () => {
    const app = await startApp({ MAX_STREAMS: '3', MAX_STREAMS_PER_ADDRESS: '2', TRUST_PROXY: '1' });
    const from = (address: string) => Stream.open(`${app.url}/stream`, { 'X-Forwarded-For': address });
    const open = [await from('10.0.0.1'), await from('10.0.0.1')];
    const third = await from('10.0.0.1');
    await third.ended();
    assert.equal(third.status, 200);
    assert.equal(third.headers['cache-control'], 'no-store');
    assert.match(
      third.text,
      /^retry: \d{4}\n\nevent: pinstream\ndata: \{"type":"refused","reason":"There are too many streams from your address \(MAX_STREAMS_PER_ADDRESS\)\."\}\n\n$/,
    );
    open.push(await from('10.0.0.2'));
    const fourth = await from('10.0.0.3');
    await fourth.ended();
    assert.match(fourth.text, /too many streams here \(MAX_STREAMS\)/);
    open[0]?.close();
    let metrics = '';
    while (!metrics.includes('pinstream_streams 2\n')) metrics = (await request(`${app.url}/metrics`)).text;
    const again = await from('10.0.0.1');
    await again.until('"open"');
    for (const stream of [...open, again]) stream.close();
    await app.stop();
  });
});
