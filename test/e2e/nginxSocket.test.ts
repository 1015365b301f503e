import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { type Nginx, nginxFor } from '../support/nginx.ts';
import { ask, openWire, type Wire } from '../support/wire.ts';

/** A folder as the bundle's: nginx's group may pass through, and gets what is made in it. */
async function sharedFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'pinstream-socket-'));
  t.after(() => rm(folder, { recursive: true }));
  if (process.getuid?.() === 0) {
    // Started by root, the workers run as nobody.
    await chown(folder, 0, Number(execFileSync('id', ['-g', 'nobody'], { encoding: 'utf8' })));
    await chmod(folder, 0o2750);
  }
  return folder;
}

async function open(t: TestContext, nginx: Nginx, path: string): Promise<Wire> {
  const wire = await openWire(nginx.port, path);
  t.after(() => wire.close());
  await wire.until('"type":"open"');
  return wire;
}

const publish = (url: string, data: string, key = '') =>
  ask(`${url}/events`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${key}` },
    body: JSON.stringify({ channel: 'a', data }),
  });

describe('the way to an app on the same machine', { timeout: 60_000 }, () => {
  async function chain(
    t: TestContext,
    settings: Record<string, string> = {},
  ): Promise<{ app: TestApp; nginx: Nginx; socket: string }> {
    const socket = join(await sharedFolder(t), 'app.sock');
    const app = await startApp({ CORS_OWNER: 'proxy', TRUST_PROXY: '1', SOCKET: socket, ...settings });
    t.after(() => app.stop());
    return { app, socket, nginx: await nginxFor(t, { app: `127.0.0.1:${app.port}`, socket }) };
  }

  /** By which way each request went to the app. A stream is logged when it ends. */
  async function waysOf(app: TestApp, nginx: Nginx, streams: readonly Wire[]): Promise<string[]> {
    await app.stop();
    await Promise.all(streams.map((wire) => wire.until('\r\n0\r\n\r\n')));
    const { access } = await nginx.stop();
    return [...access.matchAll(/ app=(unix:|127)\S*:(\d+)$/gm)].map(([, way]) => way ?? '').sort();
  }

  test('is its socket: streams, publishing, whatever nginx passes on', async (t) => {
    const { app, nginx } = await chain(t);
    const wire = await open(t, nginx, '/stream?channel=a');
    assert.equal((await publish(nginx.url, 'one')).status, 201);
    await wire.until('\ndata: one\n\n');
    assert.equal((await ask(`${nginx.url}/?channels=a`, { method: 'HEAD' })).status, 200);
    assert.deepEqual(await waysOf(app, nginx, [wire]), ['unix:', 'unix:', 'unix:']);
  });

  test('is one connection for many requests, which nginx ends before the app would, and one for each stream', async (t) => {
    const socket = join(await sharedFolder(t), 'app.sock');
    const server = createServer((req, res) => {
      res.write('retry: 2000\n\n');
      if (req.url !== '/stream') res.end();
    });
    const connections: Socket[] = [];
    server.on('connection', (connection) => connections.push(connection));
    server.listen(socket);
    await once(server, 'listening');
    t.after(() => {
      server.close();
      server.closeAllConnections();
    });
    await chmod(socket, 0o777);
    const nginx = await nginxFor(t, {
      app: '127.0.0.1:9',
      socket,
      replace: { 'worker_processes 2;': 'worker_processes 1;' },
    });
    for (let i = 0; i < 10; i++) assert.equal((await publish(nginx.url, 'one')).status, 200);
    assert.equal(connections.length, 1);
    await once(connections[0] as Socket, 'end');
    for (let i = 0; i < 3; i++) {
      const wire = await openWire(nginx.port, '/stream');
      t.after(() => wire.close());
      await wire.until('retry: 2000\n\n');
    }
    assert.equal(connections.length, 4);
  });

  test('goes on after requests that were refused, and after a restart of the app', async (t) => {
    const settings = { PUBLISH_OPEN: '0', PUBLISH_KEY: 'the-key' };
    const { app, nginx, socket } = await chain(t, settings);
    for (let i = 0; i < 10; i++) {
      assert.equal((await publish(nginx.url, 'x'.repeat(1_000_000))).status, 413);
      assert.equal((await publish(nginx.url, 'one', 'the-key')).status, 201);
    }
    await app.stop();
    assert.equal((await publish(nginx.url, 'one', 'the-key')).status, 502);
    const again = await startApp({ SOCKET: socket, ...settings });
    t.after(() => again.stop());
    for (let i = 0; i < 10; i++) assert.equal((await publish(nginx.url, 'one', 'the-key')).status, 201);
  });

  test('is its port as soon as there are two, and until then open streams go on by the socket', async (t) => {
    const { app, nginx, socket } = await chain(t);
    const before = await open(t, nginx, '/stream?channel=a');
    const second = await startApp({ SOCKET: socket });
    t.after(() => second.stop());
    const after = await open(t, nginx, '/stream?channel=a');
    await publish(app.url, 'both');
    await Promise.all([before.until('\ndata: both\n\n'), after.until('\ndata: both\n\n')]);
    await second.stop();
    const last = await open(t, nginx, '/stream?channel=a');
    assert.deepEqual(await waysOf(app, nginx, [before, after, last]), ['127', 'unix:', 'unix:']);
  });
});
