import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, readdir, readlink, rm, stat, writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as textOf } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, type TestContext, test } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { loggedLines } from '../support/logged.ts';
import { eventually } from '../support/ready.ts';
import { request as ask, post } from '../support/request.ts';
import { Served } from '../support/served.ts';

describe('SOCKET', { timeout: 60_000 }, () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pinstream-near-'));
    path = join(folder, 'app.sock');
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function appHere(t: TestContext, settings = {}): Promise<TestApp> {
    const app = await startApp({ SOCKET: path, ...settings });
    t.after(() => app.stop());
    return app;
  }

  /** The answer to a GET by this way. */
  async function get(url: string, headers = {}): Promise<IncomingMessage> {
    const asked = request({
      socketPath: path,
      path: url,
      agent: false,
      headers: { Host: 'localhost', ...headers },
    });
    asked.end();
    const [answer] = (await once(asked, 'response')) as [IncomingMessage];
    return answer.setEncoding('utf8');
  }

  async function until(stream: IncomingMessage, part: string): Promise<void> {
    let text = '';
    while (!text.includes(part)) text += (await once(stream, 'data'))[0];
  }

  const isThere = () =>
    stat(path).then(
      () => true,
      () => false,
    );

  test('an app that is alone serves there as on its port, for its user and group', async (t) => {
    const app = await appHere(t);
    assert.equal((await stat(path)).mode & 0o777, 0o770);
    const stream = await get('/stream?channel=a');
    await post(`${app.url}/events`, { channel: 'a', data: 'one' });
    await until(stream, 'data: one\n\n');
    const own = await readlink(path);
    assert.deepEqual((await readdir(folder)).sort(), ['app.sock', own]);
  });

  test('a stream there counts for the address that the proxy names', async (t) => {
    await appHere(t, { TRUST_PROXY: '1', MAX_STREAMS_PER_ADDRESS: '1' });
    const from = (address: string) => get('/stream?channel=a', { 'X-Forwarded-For': address });
    await until(await from('192.0.2.1'), '"type":"open"');
    await until(await from('192.0.2.1'), '"type":"refused"');
    await until(await from('192.0.2.2'), '"type":"open"');
  });

  test('what is no HTTP is answered there too', async (t) => {
    await appHere(t);
    const socket = connect(path);
    socket.write('hello\r\n\r\n');
    assert.match(await textOf(socket), /^HTTP\/1\.1 400 [\s\S]*\{"error":"This is not HTTP/);
  });

  test('while there are two it is gone, open streams go on, and the one that stays gets it back at once', async (t) => {
    const first = await appHere(t);
    const stream = await get('/stream?channel=a');
    const second = await startApp({ SOCKET: path });
    assert.equal(await isThere(), false);
    await post(`${first.url}/events`, { channel: 'a', data: 'one' });
    await until(stream, 'data: one\n\n');
    await second.stop();
    await post(`${first.url}/events`, { channel: 'b', data: 'first has this' });
    assert.match(await textOf(await get('/events?channel=b')), /first has this/);
  });

  test('of several that start at once none has it, and the last one that is left does', async (t) => {
    const apps = await Promise.all(Array.from({ length: 8 }, () => appHere(t)));
    assert.equal(await isThere(), false);
    await Promise.all(apps.slice(1).map((app) => app.stop()));
    await eventually('it is there', isThere);
    assert.equal((await get('/healthz')).statusCode, 200);
  });

  test('one that is killed is forgotten by the other', async (t) => {
    const killed = await Served.start({ SOCKET: path });
    t.after(() => killed.kill());
    await appHere(t);
    assert.equal(await isThere(), false);
    await killed.kill();
    await eventually('it is there again', isThere);
    assert.deepEqual((await readdir(folder)).length, 2);
  });

  test('one that stands still is there all the same', async (t) => {
    const paused = await Served.start({ SOCKET: path });
    t.after(() => paused.kill());
    paused.pause();
    await appHere(t);
    assert.equal(await isThere(), false);
  });

  test('after a kill the next start has it from its first moment on', async (t) => {
    const killed = await Served.start({ SOCKET: path });
    await killed.kill();
    await assert.rejects(get('/healthz'), { code: 'ECONNREFUSED' });
    await appHere(t);
    assert.equal((await get('/healthz')).statusCode, 200);
    assert.deepEqual((await readdir(folder)).length, 2);
  });

  test('at its end it waits for what it is asked there, tells its streams, and leaves nothing behind', async (t) => {
    const app = await appHere(t);
    const stream = await get('/stream?channel=a');
    const poll = get('/events?channel=a&wait=50');
    const waits = async () => /^pinstream_streams 2$/m.test((await ask(`${app.url}/metrics`)).text);
    await eventually('the poll has arrived', waits);
    const idle = connect(path);
    await once(idle, 'connect');
    const ended = once(idle.resume(), 'close');
    const [, said, answer] = await Promise.all([app.stop(), textOf(stream), poll, ended]);
    assert.match(said, /"type":"closing"/);
    assert.equal(answer.statusCode, 200);
    assert.deepEqual(await readdir(folder), []);
  });

  for (const [what, prepare, reason] of [
    ['a folder that is missing', async () => '/nobody/made/this/app.sock', 'there is no such folder'],
    [
      'a folder that it may not write to',
      async () => '/proc/app.sock',
      'this user may not write to its folder',
    ],
    ['too long a path', async () => join(folder, 'a'.repeat(100)), 'it has more than 96 bytes'],
    [
      'a path that is taken',
      async () => {
        await writeFile(path, 'kept');
        return path;
      },
      'something else stands there',
    ],
  ] as const) {
    test(`${what} is said once, and the port is enough`, async (t) => {
      const wrong = await prepare();
      const { log, lines } = loggedLines();
      const app = await startApp({ SOCKET: wrong }, { log });
      t.after(() => app.stop());
      assert.deepEqual(lines, [
        `warn: SOCKET ${wrong} cannot be used: ${reason}. The app is reached by its port alone.`,
      ]);
      assert.equal((await ask(`${app.url}/healthz`)).status, 200);
      const left = reason.startsWith('something') ? ['app.sock'] : [];
      assert.deepEqual(await readdir(folder), left);
    });
  }
});
