import assert from 'node:assert/strict';
import type { RequestListener } from 'node:http';
import { connect } from 'node:net';
import { describe, test } from 'node:test';
import { startApp } from '../support/app.ts';
import { alone, chain, nginxFor } from '../support/nginx.ts';
import { eventually } from '../support/ready.ts';
import { ask, openWire } from '../support/wire.ts';

const ALLOWED = 'https://allowed.example';
const FOREIGN = 'https://foreign.example';

const ok: RequestListener = (_req, res) => void res.end('of the app');

describe('what keeps a browser from mistaking one thing for another', { timeout: 60_000 }, () => {
  test('every answer says once that its type is meant, whoever gave it', async (t) => {
    const app = await startApp({ CORS_OWNER: 'proxy', TRUST_PROXY: '1' });
    t.after(() => app.stop());
    const nginx = await nginxFor(t, { app: `127.0.0.1:${app.port}` });
    const down = await alone(t);
    const limited = await alone(t, { requests: 1, replace: { 'burst=1000 nodelay': 'burst=1 nodelay' } });
    for (const [status, url, method = 'GET', body] of [
      [200, `${nginx.url}/`],
      [200, `${nginx.url}/pinstream.js`],
      [200, `${nginx.url}/assets/page/style.css`],
      [200, `${nginx.url}/events?channel=a`],
      [400, `${nginx.url}/events`],
      [200, `${nginx.url}/pins`],
      [404, `${nginx.url}/nothing`],
      [404, `${nginx.url}/metrics`],
      [413, `${nginx.url}/events`, 'POST', Buffer.alloc(9 * 2 ** 20)],
      [502, `${down.url}/events`],
      [502, `${down.url}/pinstream.js`],
      [200, `${down.url}/stream`],
      [200, `${down.url}/sse/?channels=a`],
      [204, `${down.url}/events`, 'OPTIONS'],
    ] as const) {
      const answer = await ask(url, { method, ...(body && { body }) });
      assert.equal(answer.status, status, url);
      assert.deepEqual(answer.header('x-content-type-options'), ['nosniff'], url);
    }
    for (const [status, path] of [
      [429, '/events'],
      [200, '/stream'],
    ] as const) {
      await eventually('it is refused for asking too often', async () => {
        const answer = await ask(limited.url + path);
        assert.deepEqual(answer.header('x-content-type-options'), ['nosniff'], path);
        return answer.status === status && /"Too many (requests|streams) /.test(answer.body);
      });
    }
    const wire = await openWire(nginx.port, '/stream?channel=a');
    t.after(() => wire.close());
    await wire.until('"type":"open"');
    assert.deepEqual(wire.text.match(/^X-Content-Type-Options: .*$/gim), ['X-Content-Type-Options: nosniff']);
  });

  test("the page's own policies come through; only what came over TLS keeps its window to itself", async (t) => {
    const app = await startApp({ CORS_OWNER: 'proxy', TRUST_PROXY: '1' });
    t.after(() => app.stop());
    const nginx = await nginxFor(t, { app: `127.0.0.1:${app.port}` });
    const page = await ask(`${nginx.url}/`);
    assert.deepEqual(page.header('content-security-policy'), [
      "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'",
    ]);
    assert.deepEqual(page.header('referrer-policy'), ['no-referrer']);
    assert.deepEqual(page.header('cross-origin-resource-policy'), ['same-origin']);
    assert.deepEqual(page.header('cross-origin-opener-policy'), []);
    const client = await ask(`${nginx.url}/pinstream.js`);
    assert.deepEqual(client.header('cross-origin-resource-policy'), ['cross-origin']);
    const secure = await nginxFor(t, {
      app: `127.0.0.1:${app.port}`,
      replace: { 'X-Forwarded-Proto $scheme': 'X-Forwarded-Proto https' },
    });
    assert.deepEqual((await ask(`${secure.url}/`)).header('cross-origin-opener-policy'), ['same-origin']);
  });
});

describe('what `pinstream doctor` asks', { timeout: 60_000 }, () => {
  /** All of an answer but what differs each time. */
  async function seen(url: string, method = 'GET', Origin = ALLOWED) {
    const { status, raw, body } = await ask(url, { method, headers: { Origin } });
    const headers = raw.flatMap((name, at) =>
      at % 2 === 0 && name !== 'Date' && name !== 'X-Pinstream-Read-Timeout'
        ? [`${name}: ${raw[at + 1]}`]
        : [],
    );
    return { status, headers, body: body.replace(/^retry: [23]\d{3}\n/, 'retry: jittered\n') };
  }

  for (const [path, like, method] of [
    ['/doctor/away', '/events', 'GET'],
    ['/doctor/away', '/events', 'POST'],
    ['/doctor/away/stream', '/stream', 'GET'],
    ['/doctor/away/stream', '/stream', 'POST'],
    ['/doctor/away/sse', '/sse/?channels=a', 'GET'],
    ['/doctor/away/sse', '/sse/?channels=a', 'POST'],
  ] as const) {
    test(`${method} ${path} is answered while the app is there as ${like} is while it is away, for an allowed and a foreign origin`, async (t) => {
      const { app, nginx } = await chain(t, ok, { corsOrigins: ALLOWED });
      const away = await alone(t, { corsOrigins: ALLOWED });
      for (const origin of [ALLOWED, FOREIGN]) {
        const asked = await seen(nginx.url + path, method, origin);
        assert.deepEqual(asked, await seen(away.url + like, method, origin));
        assert.equal(asked.status, method === 'GET' && like !== '/events' ? 200 : 502);
        assert.equal(asked.headers.includes(`Access-Control-Allow-Origin: ${ALLOWED}`), origin === ALLOWED);
      }
      assert.deepEqual(app.seen, []);
    });
  }

  for (const refusal of ['@away_stream', '@away_sse']) {
    test(`it sees there that a stream is really refused: without ${refusal} both are a 502`, async (t) => {
      const [, path] = refusal.split('_');
      const { nginx } = await chain(t, ok, { replace: { [`  ${refusal};`]: '  @away;' } });
      const away = await alone(t, { replace: { [`  ${refusal};`]: '  @away;' } });
      for (const url of [`${nginx.url}/doctor/away/${path}`, `${away.url}/${path}`])
        assert.equal((await ask(url)).status, 502, url);
    });
  }

  test('a stream says how long it may be quiet, in seconds, and nothing else says it', async (t) => {
    const { nginx } = await chain(t, ok);
    const { nginx: impatient } = await chain(t, (_req, res) => void res.write('data: x\n\n'), {
      streamSeconds: 1,
    });
    for (const path of ['/stream', '/stream?channel=a', '/sse/?channels=a', '/?channels=a']) {
      assert.deepEqual((await ask(nginx.url + path)).header('x-pinstream-read-timeout'), ['86400']);
      // What it says is so: it is cut.
      const wire = await openWire(impatient.port, path);
      await wire.ended();
      assert.deepEqual(wire.text.match(/^X-Pinstream-Read-Timeout: .*(?=\r$)/gm), [
        'X-Pinstream-Read-Timeout: 1',
      ]);
    }
    for (const path of ['/', '/events', '/stream/some-session', '/metrics', '/doctor/away']) {
      assert.deepEqual((await ask(nginx.url + path)).header('x-pinstream-read-timeout'), [], path);
    }
  });
});

test('who connects and never ends his request is let go', { timeout: 60_000 }, async (t) => {
  const { nginx } = await chain(t, ok, {
    replace: { 'client_header_timeout 15s;': 'client_header_timeout 1s;' },
  });
  const socket = connect(nginx.port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => {}); // a reset is an end too
  socket.resume().write('GET /stream HTTP/1.1\r\nHost: localhost\r\nX-Never-Ending: ');
  await new Promise((resolve) => socket.once('close', resolve));
});
