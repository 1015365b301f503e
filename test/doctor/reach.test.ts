import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { RequestListener, ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { AWAY_NAMES } from '../../src/doctor/away.ts';
import { startApp } from '../support/app.ts';
import { ALLOWED, OF_THE_APP, proxied, skippedFor, unseen, WELL } from '../support/doctor.ts';
import { examined } from '../support/examined.ts';
import { freePort } from '../support/freePort.ts';
import { startOddApp } from '../support/oddApp.ts';
import { TestRedis } from '../support/redis.ts';

const LOST = skippedFor('Pinstream is not reached.', ...OF_THE_APP, ...AWAY_NAMES);

/** What an app without its store answers all the same. */
const WITHOUT_STORE = ['cors', 'cors-404', 'preflight'];

function pick(all: Record<string, string>, ...names: string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, String(all[name])]));
}

/** What is said when something else answers. */
function lost(sentence: string): Record<string, string> {
  return {
    ...LOST,
    reachable: `✗ ${sentence}`,
    redis: WELL.redis as string,
    clock: WELL.clock as string,
    disk: WELL.disk as string,
  };
}

/** What the doctor says of something that answers so. */
async function of(
  t: TestContext,
  answer: RequestListener,
): Promise<{ said: Record<string, string>; url: string }> {
  const odd = await startOddApp(answer);
  t.after(() => odd.stop());
  const url = `http://${odd.address}`;
  return { url, said: await examined(url) };
}

const is =
  (status: number, type: string, body: string, headers: Record<string, string> = {}): RequestListener =>
  (_, response: ServerResponse) =>
    response.writeHead(status, { 'Content-Type': type, ...headers }).end(body);

/** Something that is no HTTP server. */
async function ofSocket(t: TestContext, answer: (socket: Socket) => void) {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    answer(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, said: await examined(url) };
}

describe('the doctor on what is not a Pinstream', { concurrency: 4 }, () => {
  test('nobody', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    assert.deepEqual(await examined(url), {
      ...lost(`Nobody answers at ${url}: nothing listens there. Is it running, and is the port right?`),
      clock: "✓ this machine's clock is set",
    });
  });

  test('a name that there is not', async () => {
    assert.equal(
      (await examined('http://nosuch.invalid')).reachable,
      '✗ Nobody answers at http://nosuch.invalid: there is no such name.',
    );
  });

  test('a page, a 404, other JSON, a health that is not ours', async (t) => {
    const page = await of(t, is(200, 'text/html; charset=utf-8', '<h1>It works!</h1>'));
    assert.deepEqual(
      page.said,
      lost(`What answers at ${page.url} is not Pinstream, but says 200 (text/html): is the address right?`),
    );
    const stranger = (url: string, what: string) =>
      `✗ What answers at ${url} is not Pinstream, but says ${what}: is the address right?`;
    const missing = await of(t, is(404, 'text/plain', 'nothing'));
    assert.equal(missing.said.reachable, stranger(missing.url, '404 (text/plain)'));
    const other = await of(t, is(200, 'application/json', '[{"status":"ok"}]'));
    assert.equal(other.said.reachable, stranger(other.url, '200 (application/json)'));
    const healthy = await of(t, is(200, 'application/json', '{"status":"ok"}'));
    assert.equal(healthy.said.reachable, stranger(healthy.url, '200 (application/json)'));
  });

  test('a Pinstream that sends all but its health to HTTPS', async (t) => {
    const { proxy } = await proxied(t, {
      answer: ({ url = '', method }, response) => {
        if (/^\/(healthz|readyz)/.test(url) || method === 'OPTIONS') return false;
        response.writeHead(308, { Location: `https://127.0.0.1:8443${url}` }).end('<html>');
        return true;
      },
    });
    assert.deepEqual(
      await examined(proxy.url),
      lost(
        `${proxy.url} only leads to https://127.0.0.1:8443: look there, by pinstream doctor https://127.0.0.1:8443`,
      ),
    );
  });

  test("a Pinstream whose first page leads to somebody's own site is looked at all the same", async (t) => {
    const { proxy } = await proxied(t, {
      answer: ({ url }, response) => {
        if (url !== '/') return false;
        response.writeHead(301, { Location: 'https://www.example.org/' }).end();
        return true;
      },
    });
    const { reachable } = await examined(proxy.url);
    assert.match(String(reachable), /^✓ Pinstream answers/);
  });

  test('an nginx that is gone from the bundle, name and all', async () => {
    // By its name alone: no test may reach for a real one.
    const { reachable } = await examined('http://nginx:1');
    assert.match(
      String(reachable),
      /^✗ Nobody answers at http:\/\/nginx:1: .*\. Is nginx running\? docker compose ps and docker compose logs nginx say it\. What else stands in front of the app has to be named: pinstream doctor URL$/,
    );
  });

  test('a redirect, a door, a refusal', async (t) => {
    const redirect = await of(t, is(308, 'text/html', '', { Location: 'https://pi.example/healthz?a' }));
    assert.deepEqual(
      redirect.said,
      lost(
        `${redirect.url} only leads to https://pi.example: look there, by pinstream doctor https://pi.example`,
      ),
    );
    const door = await of(t, is(401, 'text/html', ''));
    assert.equal(
      door.said.reachable,
      '✗ What stands in front lets nobody in: it is answered 401 (text/html).',
    );
    const busy = await of(t, is(429, 'application/json', '{"error":"Too many.\\u001b[2J"}'));
    assert.equal(busy.said.reachable, '✗ What stands in front refuses for now: Too many.\ufffd[2J');
  });

  test('what is no HTTP, what closes at once, and TLS where there is none', async (t) => {
    const words = await ofSocket(t, (socket) => socket.end('220 mail.example ESMTP\r\n'));
    assert.equal(words.said.reachable, `✗ Nobody answers at ${words.url}: what it says is not HTTP.`);
    const closing = await ofSocket(t, (socket) => socket.end());
    assert.match(
      String(closing.said.reachable),
      /^✗ Nobody answers at .*: (?:socket hang up|the connection was closed without an answer)\.$/,
    );
    const { proxy } = await proxied(t);
    const tls = `https://127.0.0.1:${proxy.port}`;
    assert.equal(
      (await examined(tls)).reachable,
      `✗ Nobody answers at ${tls}: it does not speak TLS. Is it http:// instead of https://?`,
    );
  });

  test('what says nothing, what drips, and what goes on for ever', async (t) => {
    const forever: RequestListener = (_, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      const more = () => {
        while (!response.destroyed && response.write('{'.repeat(65_536)));
      };
      response.on('drain', more);
      more();
    };
    const drip: RequestListener = (_, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      const timer = setInterval(() => response.write('{'), 100);
      response.on('close', () => clearInterval(timer));
    };
    const [silent, endless, slow] = await Promise.all([
      ofSocket(t, () => undefined),
      of(t, forever),
      of(t, drip),
    ]);
    assert.equal(
      silent.said.reachable,
      `✗ Nobody answers at ${silent.url}: it has not begun to answer GET /healthz within 5 s.`,
    );
    for (const { url, said } of [endless, slow]) {
      assert.equal(
        said.reachable,
        `✗ What answers at ${url} is not Pinstream, but says 200 (application/json): is the address right?`,
      );
    }
  });
});

describe('the doctor on a Pinstream that cannot serve', { concurrency: 4 }, () => {
  test('a name that is not its own', async (t) => {
    const { proxy } = await proxied(t, {
      ask: ({ headers }) => {
        headers.host = 'pi.example.com';
      },
    });
    assert.deepEqual(
      await examined(proxy.url),
      lost('Pinstream does not take 127.0.0.1 for a name of its own: add it to ALLOWED_HOSTS.'),
    );
  });

  test('a Redis that is away: the rest is looked at', async (t) => {
    const redis = await TestRedis.start();
    t.after(() => redis.stop());
    await redis.kill();
    const app = await startApp({ REDIS_URL: redis.url, CORS_ORIGINS: ALLOWED });
    t.after(() => app.stop());
    const said = await examined(app.url, { origin: ALLOWED });
    const where = `Redis at 127.0.0.1:${redis.port} cannot be reached:`;
    assert.deepEqual(said, {
      ...WELL,
      reachable: `✗ Pinstream answers, but cannot serve: ${where} nothing listens there. Is it running?`,
      ...skippedFor('Pinstream cannot serve.', ...OF_THE_APP.filter((name) => !WITHOUT_STORE.includes(name))),
      ...pick(unseen(app.url), 'away-stream', 'away-sse', 'cors-502'),
    });
  });

  test('publishing that needs a key, and another key than that', async (t) => {
    const app = await startApp(
      { PUBLISH_OPEN: '0', PUBLISH_KEY: 'right', HEARTBEAT: '300ms' },
      { mock: true },
    );
    t.after(() => app.stop());
    const without = await examined(app.url);
    const skips = skippedFor('no event can be published.', 'events', 'replay', 'replay-query');
    assert.deepEqual(
      { ...without, ...skips, publish: '– not looked at: to publish needs PUBLISH_KEY.' },
      without,
    );
    const wrong = await examined(app.url, { settings: { PUBLISH_KEY: 'wrong' } });
    const sentence = `✗ PUBLISH_KEY is not the key of ${app.url}: the app printed it at its first start.`;
    assert.deepEqual({ ...wrong, ...skips, publish: sentence }, wrong);
    const right = await examined(app.url, { settings: { PUBLISH_KEY: 'right' } });
    assert.deepEqual([right.publish, right.events, right.replay], [WELL.publish, WELL.events, WELL.replay]);
  });

  test('listening that needs a key', async (t) => {
    const settings = {
      PUBLISH_OPEN: '0',
      PUBLISH_KEY: 'k',
      HEARTBEAT: '300ms',
      ACCESS_RULES: 'allow read * to t',
    };
    const app = await startApp(settings, { mock: true });
    t.after(() => app.stop());
    const without = await examined(app.url);
    assert.equal(
      without.stream,
      '– not looked at: to listen here needs a key: PUBLISH_KEY may read everything.',
    );
    assert.equal(
      without.gpio,
      '– not looked at: to see the device needs a key: PUBLISH_KEY may read everything.',
    );
    assert.doesNotMatch(Object.values(without).join('\n'), /✗/);
    const slow = await examined(app.url, { slow: true, patience: { stream: 500, poll: 1_000 } });
    assert.deepEqual(
      [slow.compression, slow.timeout, slow['long-poll']],
      [
        '– not looked at: no stream opens.',
        '– not looked at: no stream opens.',
        '– not looked at: to read here needs a key: PUBLISH_KEY may read everything.',
      ],
    );
    const right = await examined(app.url, { settings: { PUBLISH_KEY: 'k' } });
    assert.deepEqual([right.stream, right.events, right.gpio], [WELL.stream, WELL.events, WELL.gpio]);
  });

  test('streams that are refused, and streams that are something else', async (t) => {
    const full = await startApp({ MAX_STREAMS: '1', HEARTBEAT: '300ms' }, { mock: true });
    t.after(() => full.stop());
    const held = await fetch(`${full.url}/stream`);
    t.after(() => held.body?.cancel());
    const said = await examined(full.url);
    assert.equal(said.stream, '✗ A stream is refused: There are too many streams here (MAX_STREAMS).');
    assert.deepEqual(
      [said.events, said.replay, said.heartbeat],
      Array(3).fill('– not looked at: no stream opens.'),
    );
    const { proxy } = await proxied(t, {
      answer: ({ url = '' }, response) => {
        if (!url.startsWith('/stream')) return false;
        response.writeHead(404, { 'Content-Type': 'text/html' }).end('<h1>');
        return true;
      },
    });
    const page = await examined(proxy.url);
    assert.equal(page.stream, '✗ A stream is answered 404 (text/html): browsers give up on that for ever.');
    assert.deepEqual(
      [page.events, page.replay, page.heartbeat, page.compression, page.timeout],
      Array(5).fill('– not looked at: no stream opens.'),
    );
  });
});
