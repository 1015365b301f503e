import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { getBuiltinModule } from 'node:process';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { startApp, type TestApp } from '../support/app.ts';
import { Line, unchunk } from '../support/line.ts';
import { eventually } from '../support/ready.ts';
import { request } from '../support/request.ts';
import { afterOpening } from '../support/stream.ts';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const common = getBuiltinModule('_http_common' as 'node:http') as unknown as { freeParser: unknown };
const { freeParser } = common;
type Binding = (name: string) => { WriteWrap: unknown };
const wrap = (process as unknown as { binding: Binding }).binding('stream_wrap');
const { WriteWrap } = wrap;

const ASK = 'GET /stream?channel=a HTTP/1.1\r\nHost: localhost\r\n';
const ALIVE = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n';

/** All that this Node can do, and what is left where Node works otherwise. */
const WAYS = [
  { way: 'is let go of, and written to as a bare handle', lets: true, bare: true },
  { way: 'is let go of, and written to as a socket', lets: true, bare: false },
  { way: 'keeps its request', lets: false, bare: false },
];

for (const { way, lets, bare } of WAYS) {
  describe(`a stream that ${way}`, () => {
    let app: TestApp;
    const asked: WeakRef<IncomingMessage>[] = [];

    beforeEach(async () => {
      common.freeParser = lets ? freeParser : undefined;
      wrap.WriteWrap = bare ? WriteWrap : undefined;
      const authorize = (one: IncomingMessage) => asked.push(new WeakRef(one)) > 0;
      app = await startApp({ HEARTBEAT: '1h', CLIENT_BUFFER: '128KiB' }, { authorize });
    });
    afterEach(async () => {
      common.freeParser = freeParser;
      wrap.WriteWrap = WriteWrap;
      asked.length = 0;
      await app.stop();
    });

    async function publish(data: string): Promise<string> {
      const { epoch, n } = await app.store.bus.append({ channel: 'a', name: 'message', data, at: 0 });
      return `id: ${epoch}-${n}\ndata: ${data}\n\n`;
    }

    /** Waits until an event that is published now has come, and answers it as it should read. */
    async function heard(line: Line, data: string): Promise<string> {
      const block = await publish(data);
      await line.until(() => line.text.includes(`${data}\n\n\r\n`));
      return block;
    }

    async function open(...parts: string[]): Promise<Line> {
      const line = await Line.open(app.port);
      for (const part of parts) line.socket.write(part);
      await line.until(() => line.text.includes('"open"'));
      return line;
    }

    async function figure(name: string): Promise<number> {
      const { text } = await request(`${app.url}/metrics`);
      return Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1]);
    }

    /** None but the one that asks. */
    async function nobodyLeft(): Promise<void> {
      await eventually('its place is free', async () => (await figure('pinstream_streams')) === 0);
      await eventually('no request is under way', async () => (await figure('pinstream_requests')) === 1);
    }

    test('has all events in whole chunks, and its place is free when it leaves', async () => {
      const line = await open(`${ASK}\r\n`);
      const blocks = (await heard(line, 'one')) + (await heard(line, 'two'));
      const body = line.text.slice(line.text.indexOf('\r\n\r\n') + 4);
      assert.equal(afterOpening(unchunk(body)), blocks);
      assert.equal(await figure('pinstream_streams'), 1);
      assert.equal(await figure('pinstream_requests'), 2);
      line.socket.destroy();
      await nobodyLeft();
    });

    test(lets ? 'leaves nothing of the request in memory' : 'has its request all the time', async () => {
      const line = await open(`${ASK}\r\n`);
      await heard(line, 'one');
      for (let i = 0; i < 5; i++) {
        await turn();
        collect();
      }
      assert.deepEqual(
        asked.map((one) => one.deref() === undefined),
        [lets],
      );
      line.socket.destroy();
    });

    test('comes over a connection that was used before', async () => {
      const line = await Line.open(app.port);
      for (let i = 1; i <= 3; i++) {
        line.socket.write(ALIVE);
        await line.until(() => line.text.split('{"status":"ok"}').length > i);
      }
      line.socket.write(`${ASK}\r\n`);
      await line.until(() => line.text.includes('"open"'));
      await heard(line, 'one');
      line.socket.destroy();
      await nobodyLeft();
    });

    test('hears on, whatever else was asked behind it on the same connection', async () => {
      for (const parts of [
        [`${ASK}\r\n${ALIVE}`],
        [`${ASK}\r\n`, ALIVE],
        [`${ASK}\r\n${ALIVE.slice(0, 9)}`],
      ]) {
        const line = await open(...parts);
        await heard(line, 'one');
        line.socket.write(ALIVE + ALIVE);
        await heard(line, 'two');
        assert.doesNotMatch(line.text, /status/);
        line.socket.destroy();
        await nobodyLeft();
      }
    });

    test('hears on when the request has a body, and while that is still coming', async () => {
      const large = 'x'.repeat(300_000);
      for (const head of ['Content-Length: 600000\r\n\r\n', 'Transfer-Encoding: chunked\r\n\r\n493e0\r\n']) {
        const line = await open(ASK + head + large);
        await heard(line, 'one');
        await new Promise((done) => line.socket.write(large, done));
        await heard(line, 'two');
        line.socket.destroy();
        await nobodyLeft();
      }
    });

    test('ends when the reader says that it will send no more', async () => {
      const line = await open(`${ASK}\r\n`);
      await heard(line, 'one');
      line.socket.end();
      await once(line.socket, 'close');
      await nobodyLeft();
    });

    test('is gone when the reader resets the connection', async () => {
      const line = await open(`${ASK}\r\n`);
      line.socket.resetAndDestroy();
      await nobodyLeft();
      await publish('nobody hears it');
    });

    test('without chunks or with its turn to come goes the ordinary way', async () => {
      const old = await open('GET /stream?channel=a HTTP/1.0\r\n\r\n');
      const second = await open(`${ALIVE}${ASK}\r\n`);
      const block = await heard(second, 'one');
      await old.until(() => old.text.endsWith(block));
      for (const line of [old, second]) line.socket.destroy();
      await nobodyLeft();
    });

    test('is told when the app ends, and the app waits for nobody who does not read', async () => {
      const reads = await open(`${ASK}\r\n`);
      const stands = await open(`${ASK}\r\n`);
      stands.socket.pause();
      const began = performance.now();
      const stopped = app.stop();
      await once(reads.socket, 'close');
      const body = reads.text.slice(reads.text.indexOf('\r\n\r\n') + 4);
      assert.match(body, /\{"type":"closing"\}\n\n\r\n0\r\n\r\n$/);
      await stopped;
      assert.ok(performance.now() - began < 4_000, 'it waits for the one that does not read');
      stands.socket.destroy();
    });

    test('that reads nothing is cut off, with what waits for it', async () => {
      const line = await open(`${ASK}\r\n`);
      line.socket.pause();
      line.socket.on('error', () => {});
      for (let i = 0; (await figure('pinstream_streams')) === 1; i++) {
        assert.ok(i < 2_000, 'it is cut off');
        await publish(`${i}${'x'.repeat(60_000)}`);
        await turn();
      }
      assert.equal(await figure('pinstream_unsent_bytes'), 0);
      await nobodyLeft();
      line.socket.destroy();
    });
  });
}
