import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import type { RequestListener, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { EventSource } from 'eventsource';
import { connectPublisher } from '../../src/bus/sendEvent.ts';
import { readSettings } from '../../src/lib/settings.ts';
import { startApp, type TestApp, type TestAppOptions } from '../support/app.ts';
import { freePort } from '../support/freePort.ts';
import { startNameServer } from '../support/nameServer.ts';
import { alone, chain, envsubst, type Nginx, nginxFor, runCorsMap, template } from '../support/nginx.ts';
import { startOddApp } from '../support/oddApp.ts';
import { TestRedis } from '../support/redis.ts';
import { ask, openWire, type Wire } from '../support/wire.ts';

const ALLOWED = 'https://allowed.example';
const FOREIGN = 'https://foreign.example';
const KEY_IN_A_QUERY = 'do-not-log-me';

async function open(t: TestContext, nginx: Nginx, path: string, headers = {}): Promise<Wire> {
  const wire = await openWire(nginx.port, path, headers);
  t.after(() => wire.close());
  return wire;
}

/** An app whose streams are in the hands of the test. */
function streams() {
  const open: ServerResponse[] = [];
  return {
    open,
    answer: ((_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' });
      res.write('retry: 2345\n\n');
      open.push(res);
    }) satisfies RequestListener,
  };
}

const ok: RequestListener = (_req, res) => void res.end('{"ok":true}');

describe('a stream', { timeout: 60_000 }, () => {
  for (const path of ['/stream', '/stream?channel=a', '/sse/?channels=a', '/?channels=a&channels=b']) {
    test(`G12 ${path}: each byte arrives while the stream is open, plain even for a client that accepts gzip`, async (t) => {
      const { open: held, answer } = streams();
      const { nginx } = await chain(t, answer);
      const wire = await open(t, nginx, path, { 'Accept-Encoding': 'gzip, deflate, br' });
      await wire.until('retry: 2345\n\n');
      for (const text of ['id: a-1\n\n', ': \n\n', 'data: x\n\n']) {
        held[0]?.write(text);
        await wire.until(text);
      }
      const [head = '', body] = wire.text.split('\r\n\r\n', 2);
      assert.match(head, /^HTTP\/1\.1 200 OK\r\n/);
      assert.match(head, /^Content-Type: text\/event-stream; charset=utf-8$/m);
      assert.doesNotMatch(head, /^Content-Encoding/im);
      // One chunk for each write of the app: nothing was collected.
      assert.equal(body, 'd\r\nretry: 2345\n\n\r\n9\r\nid: a-1\n\n\r\n4\r\n: \n\n\r\n9\r\ndata: x\n\n\r\n');
    });
  }

  test('G12 arrives byte by byte also when the app sends it without chunks', async (t) => {
    const { nginx } = await chain(t, (_req, res) => {
      res.removeHeader('Transfer-Encoding');
      res.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('data: x\n\n');
    });
    const wire = await open(t, nginx, '/stream');
    await wire.until('data: x\n\n');
  });

  test('reaches the app by HTTP/1.1 without a Connection header, with path and query as they were sent', async (t) => {
    const { app, nginx } = await chain(t, ok);
    for (const path of [
      '/stream?channel=a%2Cb&last_event_id=k3f9-42&x=%20%C3%A9',
      '/sse/?channels=a&channels=b',
      '/events?wait=1',
    ]) {
      await ask(nginx.url + path, { headers: { Connection: 'keep-alive', 'Last-Event-ID': 'k3f9-41' } });
      const { url, version, headers } = app.seen.at(-1) ?? assert.fail();
      assert.equal(url, path);
      assert.equal(version, '1.1');
      assert.equal(headers.connection, undefined);
      assert.equal(headers['last-event-id'], 'k3f9-41');
    }
  });

  test("S4.1 cyclone's GET /?channels= is /sse/, GET / is the page, and only GET is a stream", async (t) => {
    const { app, nginx } = await chain(t, ok);
    await ask(`${nginx.url}/?channels=a%2B1&channels=b`);
    await ask(`${nginx.url}/?uuid=1&channels=a`);
    await ask(`${nginx.url}/`);
    await ask(`${nginx.url}/?channels=`);
    await ask(`${nginx.url}/?channels=a`, { method: 'POST' });
    assert.deepEqual(
      app.seen.map(({ url }) => url),
      ['/sse/?channels=a%2B1&channels=b', '/sse/?uuid=1&channels=a', '/', '/?channels=', '/?channels=a'],
    );
  });

  test('may be quiet for a day, and a browser that takes nothing is let go', async () => {
    const [block = ''] =
      /location ~ \^\/\(stream\|sse\)\/\?\$ \{[\s\S]*?\n {4}\}/.exec(await template()) ?? [];
    assert.match(block, /^ +proxy_read_timeout \$\{PINSTREAM_STREAM_SECONDS\}s;$/m);
    assert.match(block, /^ +send_timeout 60s;$/m);
  });

  test('a long address, of a stream with many channels, passes', async (t) => {
    const { app, nginx } = await chain(t, ok);
    const path = `/stream?channel=${'room-1,'.repeat(1_700)}`;
    assert.equal((await ask(nginx.url + path)).status, 200);
    assert.equal(app.seen[0]?.url, path);
  });
});

describe('while the app is away', { timeout: 60_000 }, () => {
  const refusedStream =
    /^retry: [23]\d{3}\n\nevent: pinstream\ndata: \{"type":"refused","reason":"The app does not answer [^"]+\."\}\n\n$/;
  const refusedSse = /^retry: [23]\d{3}\n\n$/;
  for (const [path, body] of [
    ['/stream', refusedStream],
    ['/stream?channel=a', refusedStream],
    ['/sse/?channels=a', refusedSse],
    ['/?channels=a', refusedSse],
  ] as const) {
    test(`G1 G15 ${path} is a 200 stream that says when to come back, each time another time`, async (t) => {
      const nginx = await alone(t);
      const delays = new Set<string>();
      for (let asked = 0; asked < 20; asked++) {
        const answer = await ask(nginx.url + path);
        assert.equal(answer.status, 200);
        assert.deepEqual(answer.header('content-type'), ['text/event-stream; charset=utf-8']);
        assert.deepEqual(answer.header('cache-control'), ['no-store']);
        assert.match(answer.body, body);
        delays.add(answer.body.slice(0, 'retry: 0000'.length));
      }
      assert.ok(delays.size > 10, `of 20 delays only ${delays.size} differ`);
    });
  }

  for (const [method, path] of [
    ['POST', '/events'],
    ['POST', '/publish'],
    ['POST', '/stream'],
    ['POST', '/?channels=a'],
    ['PUT', '/stream/some-session'],
    ['GET', '/'],
    ['GET', '/events?wait=1'],
    ['GET', '/pinstream.js'],
  ] as const) {
    test(`${method} ${path} is a 502 that says so in JSON`, async (t) => {
      const nginx = await alone(t);
      const answer = await ask(nginx.url + path, { method });
      assert.equal(answer.status, 502);
      assert.deepEqual(answer.header('content-type'), ['application/json']);
      assert.deepEqual(answer.header('cache-control'), ['no-store']);
      assert.match((JSON.parse(answer.body) as { error: string }).error, /Try again/);
    });
  }

  test("the app's own refusals pass through, on streams too", async (t) => {
    const { nginx } = await chain(t, (_req, res) => {
      res.writeHead(503, { 'Content-Type': 'application/json' }).end('{"error":"of the app"}');
    });
    for (const path of ['/stream', '/sse/?channels=a', '/events']) {
      const answer = await ask(nginx.url + path);
      assert.equal(answer.status, 503);
      assert.equal(answer.body, '{"error":"of the app"}');
      assert.deepEqual(answer.header('content-type'), ['application/json']);
    }
  });

  test('an app that never answers: 504 for a request, a refusal for a stream', async (t) => {
    const replace = {
      'proxy_read_timeout 75s;': 'proxy_read_timeout 1s;',
    };
    const { nginx } = await chain(t, () => {}, { replace, streamSeconds: 1 });
    const [late, stream] = await Promise.all([
      ask(`${nginx.url}/events`, { method: 'POST' }),
      ask(`${nginx.url}/stream`),
    ]);
    assert.equal(late.status, 504);
    assert.deepEqual(late.header('content-type'), ['application/json']);
    assert.match((JSON.parse(late.body) as { error: string }).error, /Look whether it was done/);
    assert.equal(stream.status, 200);
    assert.match(stream.body, refusedStream);
  });

  test('G14 when nginx has no connection left, a stream is refused like any other, not answered 500', async (t) => {
    const outcomes = new Set<string>();
    // A stream takes two. One of these numbers leaves one over: enough for the browser, not for the way to the app.
    for (const connections of [33, 34]) {
      const { nginx } = await chain(t, streams().answer, {
        replace: {
          'worker_processes 2;': 'worker_processes 1;',
          'worker_connections 4096;': `worker_connections ${connections};`,
        },
      });
      let outcome = 'open';
      while (outcome === 'open') {
        const wire = await open(t, nginx, `/stream?key=${KEY_IN_A_QUERY}`);
        outcome = await wire.until('\n\n').then(
          () => (/^Cache-Control: no-store\r$/m.test(wire.text) ? 'refused' : 'open'),
          () => 'network error',
        );
        if (outcome !== 'network error') assert.match(wire.text, /^HTTP\/1\.1 200 OK\r\n/);
      }
      outcomes.add(outcome);
      const { access, errors } = await nginx.stop();
      assert.doesNotMatch(access + errors, new RegExp(KEY_IN_A_QUERY));
    }
    assert.ok(outcomes.has('refused'), [...outcomes].join());
  });

  test('G16 a browser left alone finds the app again when it comes back at another address', async (t) => {
    const names = await startNameServer('127.0.0.2');
    t.after(() => names.stop());
    const sayWhere =
      (where: string): RequestListener =>
      (_req, res) => {
        res.writeHead(200, { 'Content-Type': 'text/event-stream' }).write(`retry: 2000\ndata: ${where}\n\n`);
      };
    const before = await startOddApp(sayWhere('before'), { host: '127.0.0.2' });
    t.after(() => before.stop());
    const nginx = await nginxFor(t, { app: `app:${before.port}`, resolver: names.address });

    const source = new EventSource(`${nginx.url}/stream`);
    t.after(() => source.close());
    const heard: string[] = [];
    source.onmessage = ({ data }) => heard.push(data);
    const refused = new Promise((resolve) => source.addEventListener('pinstream', resolve, { once: true }));
    await new Promise((resolve) => source.addEventListener('message', resolve, { once: true }));

    await before.stop();
    await refused;
    const again = new Promise((resolve) => source.addEventListener('message', resolve, { once: true }));
    const after = await startOddApp(sayWhere('after'), { host: '127.0.0.3', port: before.port });
    t.after(() => after.stop());
    names.tell('127.0.0.3');
    await again;
    assert.deepEqual(heard, ['before', 'after']);
  });

  test('G16 nginx starts while nobody knows the name of the app, and finds it when it comes', async (t) => {
    const names = await startNameServer();
    t.after(() => names.stop());
    const app = await startOddApp(ok, { host: '127.0.0.2' });
    t.after(() => app.stop());
    const nginx = await nginxFor(t, { app: `app:${app.port}`, resolver: names.address });
    assert.equal((await ask(`${nginx.url}/events`)).status, 502);
    assert.match((await ask(`${nginx.url}/stream`)).body, refusedStream);
    names.tell('127.0.0.2');
    assert.equal((await ask(`${nginx.url}/events`)).status, 200);
  });

  test('replicas share the work, and the one that is gone is passed over', async (t) => {
    const names = await startNameServer('127.0.0.2', '127.0.0.3');
    t.after(() => names.stop());
    const one = await startOddApp(ok, { host: '127.0.0.2' });
    t.after(() => one.stop());
    const two = await startOddApp(ok, { host: '127.0.0.3', port: one.port });
    t.after(() => two.stop());
    const nginx = await nginxFor(t, { app: `app:${one.port}`, resolver: names.address });
    for (let asked = 0; asked < 40; asked++) assert.equal((await ask(`${nginx.url}/events`)).status, 200);
    assert.equal(one.seen.length + two.seen.length, 40);
    assert.ok(
      one.seen.length >= 5 && two.seen.length >= 5,
      `${one.seen.length} and ${two.seen.length} of 40`,
    );
    await two.stop();
    for (let asked = 0; asked < 20; asked++) assert.equal((await ask(`${nginx.url}/events`)).status, 200);
  });
});

describe('G15 CORS', { timeout: 60_000 }, () => {
  /** The app's CORS headers are wrong on purpose: nginx owns them. */
  const answer: RequestListener = (req, res) => {
    const status = Number(/\d{3}/.exec(req.url ?? '')?.[0] ?? 200);
    res.writeHead(status, {
      'Access-Control-Allow-Origin': 'https://of-the-app.example',
      'Access-Control-Allow-Credentials': 'true',
      'Access-Control-Allow-Headers': 'X-Of-The-App',
      'Access-Control-Allow-Methods': 'DELETE',
      'Access-Control-Expose-Headers': 'X-Of-The-App',
      'Access-Control-Max-Age': '1',
      'Content-Type': 'application/json',
    });
    res.end('{}');
  };
  const answers: [what: string, path: string, status: number, method?: string, body?: Buffer][] = [
    ['a 200', '/events', 200],
    ['a stream', '/stream', 200],
    ['a 401', '/events?status=401', 401],
    ['a 404', '/nothing?status=404', 404],
    ["the app's 503", '/stream?status=503', 503],
    ["nginx's 404", '/metrics', 404],
    ["nginx's 413", '/events', 413, 'POST', Buffer.alloc(9 * 2 ** 20)],
  ];
  const withoutApp: typeof answers = [
    ["nginx's 502", '/events', 502],
    ["nginx's refusal of a stream", '/stream', 200],
    ["nginx's refusal of a cyclone stream", '/sse/?channels=a', 200],
  ];

  for (const [setting, origin, allowOrigin, allowCredentials] of [
    [ALLOWED, ALLOWED, [ALLOWED], ['true']],
    [`http://other.example:3000, ${ALLOWED}`, ALLOWED, [ALLOWED], ['true']],
    [ALLOWED, FOREIGN, [], []],
    [ALLOWED, `${ALLOWED}.evil.example`, [], []],
    [ALLOWED, 'null', [], []],
    [ALLOWED, undefined, [], []],
    ['*', FOREIGN, ['*'], []],
    ['*', 'null', ['*'], []],
    ['*', undefined, ['*'], []],
    [`*,${ALLOWED}`, ALLOWED, [ALLOWED], ['true']],
    [`*,${ALLOWED}`, FOREIGN, ['*'], []],
    ['', FOREIGN, [], []],
    [undefined, FOREIGN, [], []],
  ] as const) {
    const allowed = allowOrigin.length > 0;
    test(`CORS_ORIGINS=${setting ?? '(unset)'}, Origin: ${origin ?? '(none)'}: ${allowed ? `one header, ${allowOrigin[0]}` : 'none'}, on every answer`, async (t) => {
      const headers: Record<string, string> = origin === undefined ? {} : { Origin: origin };
      const corsOrigins = setting === undefined ? {} : { corsOrigins: setting };
      const { nginx } = await chain(t, answer, corsOrigins);
      const down = await alone(t, corsOrigins);
      for (const [base, list] of [
        [nginx.url, answers],
        [down.url, withoutApp],
      ] as const) {
        for (const [what, path, status, method = 'GET', body] of list) {
          const got = await ask(base + path, { headers, method, ...(body && { body }) });
          assert.equal(got.status, status, what);
          assert.deepEqual(got.header('access-control-allow-origin'), allowOrigin, what);
          assert.deepEqual(got.header('access-control-allow-credentials'), allowCredentials, what);
          assert.ok(got.header('vary').includes('Origin'), what);
          for (const name of ['allow-headers', 'allow-methods', 'expose-headers', 'max-age']) {
            assert.deepEqual(got.header(`access-control-${name}`), [], `${name} on ${what}`);
          }
        }
      }
    });
  }

  for (const [path, method] of [
    ['/stream', 'GET'],
    ['/sse/?channels=a', 'GET'],
    ['/?channels=a', 'GET'],
    ['/events', 'POST'],
    ['/publish', 'POST'],
    ['/stream/some-session', 'PUT'],
    ['/anything/else', 'GET'],
  ] as const) {
    test(`G8 the preflight of ${method} ${path} is a 204, app or no app, and allows what is needed to an allowed origin only`, async (t) => {
      const { app, nginx } = await chain(t, answer, { corsOrigins: ALLOWED });
      const down = await alone(t, { corsOrigins: ALLOWED });
      const preflight = (base: string, origin: string) =>
        ask(base + path, {
          method: 'OPTIONS',
          headers: {
            Origin: origin,
            'Access-Control-Request-Method': method,
            'Access-Control-Request-Headers': 'authorization,cache-control,content-type,last-event-id',
          },
        });
      for (const base of [nginx.url, down.url]) {
        const got = await preflight(base, ALLOWED);
        assert.equal(got.status, 204);
        assert.equal(got.body, '');
        assert.deepEqual(got.header('access-control-allow-origin'), [ALLOWED]);
        assert.deepEqual(got.header('access-control-allow-credentials'), ['true']);
        assert.deepEqual(got.header('access-control-max-age'), ['600']);
        assert.deepEqual(got.header('access-control-allow-methods'), ['GET, HEAD, POST, PUT, OPTIONS']);
        assert.deepEqual(got.header('access-control-allow-headers'), [
          'Authorization, Cache-Control, Content-Type, Last-Event-ID, X-Requested-With',
        ]);
        const foreign = await preflight(base, FOREIGN);
        assert.equal(foreign.status, 204);
        assert.deepEqual(
          foreign.raw.filter((name) => /^access-control/i.test(name)),
          [],
        );
      }
      assert.deepEqual(app.seen, []);
    });
  }

  test('an origin with a long name does not keep nginx from starting', async (t) => {
    const long = `https://${'a-long-name.'.repeat(20)}example:65535`;
    const { nginx } = await chain(t, answer, { corsOrigins: long });
    assert.deepEqual(
      (await ask(`${nginx.url}/events`, { headers: { Origin: long } })).header('access-control-allow-origin'),
      [long],
    );
  });
});

describe('CORS_ORIGINS is checked before nginx starts', { timeout: 60_000 }, () => {
  for (const wrong of [
    'https://a.example/',
    'https://a.example/path',
    'https://A.example',
    'https://a.example:443',
    'http://a.example:80',
    'http://a.example:070',
    'http://a.example:65536',
    'http://a.example:',
    'https://*.example',
    'https://user@a.example',
    'ftp://a.example',
    'a.example',
    'null',
    'https://',
    'https://a.example https://b.example',
    'https://a.example\nhttps://b.example',
    'https://a.example" "x"; } evil {',
    'https://a.example;',
    'https://$host',
    'https://a\u00e9.example',
    'https://ok.example,**',
  ]) {
    test(`${JSON.stringify(wrong)} stops the start with one sentence, and nothing is written`, (t) => {
      const dir = mkdtempSync(join(tmpdir(), 'pinstream-cors-'));
      t.after(() => rmSync(dir, { recursive: true }));
      const { status, stderr } = runCorsMap(wrong, dir);
      assert.notEqual(status, 0);
      assert.match(
        stderr,
        /^CORS_ORIGINS must be a list of origins like https:\/\/a\.example or http:\/\/b\.example:3000, without a path, or \*, but contains ".*"\.\n$/,
      );
      assert.deepEqual(readdirSync(dir), []);
    });
  }

  for (const [given, origins] of [
    ['https://a.example', ['https://a.example']],
    [' https://a.example ,\thttp://b:3000,, ', ['https://a.example', 'http://b:3000']],
    [
      'http://192.168.1.5,http://[fe80::1]:8080,http://my_pi.local',
      ['http://192.168.1.5', 'http://[fe80::1]:8080', 'http://my_pi.local'],
    ],
    ['https://a.example,https://a.example', ['https://a.example']],
  ] as const) {
    test(`${JSON.stringify(given)} is good`, (t) => {
      const dir = mkdtempSync(join(tmpdir(), 'pinstream-cors-'));
      t.after(() => rmSync(dir, { recursive: true }));
      assert.deepEqual(runCorsMap(given, dir), { status: 0, stderr: '' });
      const written = readFileSync(join(dir, 'cors.conf'), 'utf8');
      assert.deepEqual(
        [...written.matchAll(/^ {4}"(.+)" "(.+)";$/gm)].map(([, from, to]) => [from, to]),
        origins.map((origin) => [origin, origin]),
      );
    });
  }
});

describe('what is nobody’s business', { timeout: 60_000 }, () => {
  test('queries and sessions are in no log, whatever happened', async (t) => {
    const { nginx } = await chain(t, (req, res) => {
      if (req.url?.includes('cut')) req.socket.destroy();
      else res.writeHead(req.url?.includes('404') ? 404 : 200).end('{}');
    });
    const down = await alone(t);
    for (const base of [nginx.url, down.url]) {
      for (const [method, path] of [
        ['GET', `/stream?session=${KEY_IN_A_QUERY}`],
        ['GET', `/stream?cut&session=${KEY_IN_A_QUERY}`],
        ['GET', `/sse/?channels=${KEY_IN_A_QUERY}`],
        ['GET', `/?channels=${KEY_IN_A_QUERY}`],
        ['GET', `/events?404&token=${KEY_IN_A_QUERY}`],
        ['GET', `/metrics?key=${KEY_IN_A_QUERY}`],
        ['POST', `/publish?cut&key=${KEY_IN_A_QUERY}`],
        ['OPTIONS', `/publish?key=${KEY_IN_A_QUERY}`],
        ['PUT', `/stream/${KEY_IN_A_QUERY}`],
        ['PUT', `//stream//${KEY_IN_A_QUERY}`],
        ['PUT', `/stream%2F${KEY_IN_A_QUERY}`],
        ['PUT', `/STREAM/${KEY_IN_A_QUERY}`],
        ['OPTIONS', `/stream/${KEY_IN_A_QUERY}`],
        ['GET', `/stream/${KEY_IN_A_QUERY}/x`],
      ] as const) {
        await ask(base + path, { method, headers: { Referer: `http://x/?key=${KEY_IN_A_QUERY}` } });
      }
      const wire = await open(
        t,
        base === nginx.url ? nginx : down,
        `/stream?${KEY_IN_A_QUERY} HTTP/9.9\r\nX: `,
      );
      await wire.ended();
    }
    for (const logs of [await nginx.stop(), await down.stop()]) {
      assert.doesNotMatch(logs.access + logs.errors, new RegExp(KEY_IN_A_QUERY));
      assert.match(
        logs.access,
        /^127\.0\.0\.1 \[\S+\] GET \/stream 200 \d+B [\d.]+s app=127\.0\.0\.1:\d+:\d+$/m,
      );
      assert.match(logs.access, / PUT \/stream\/- /);
      assert.ok(logs.access.split('\n').length > 10, logs.access);
    }
  });

  test("the container's own health check is not logged", async (t) => {
    const { nginx } = await chain(t, ok);
    await ask(`${nginx.url}/readyz`);
    await ask(`${nginx.url}/healthz`);
    assert.equal((await nginx.stop()).access.split('\n').length, 2);
  });

  for (const path of [
    '/metrics',
    '/metrics/',
    '/METRICS',
    '//metrics',
    '/./metrics',
    '/%6detrics',
    '/x/../metrics?a=b',
  ]) {
    test(`${path} is not served`, async (t) => {
      const { app, nginx } = await chain(t, ok);
      const wire = await open(t, nginx, path, { Connection: 'close' });
      await wire.ended();
      assert.match(wire.text, /^HTTP\/1\.1 404 /);
      assert.match(wire.text, /^Content-Type: application\/json\r$/m);
      assert.deepEqual(app.seen, []);
    });
  }

  test('nobody can choose the address, protocol or host that the app believes', async (t) => {
    const { app, nginx } = await chain(t, ok);
    for (const path of ['/events', '/stream', '/']) {
      await ask(nginx.url + path, {
        headers: {
          'X-Forwarded-For': '6.6.6.6',
          'X-Forwarded-Proto': 'https',
          'X-Forwarded-Host': 'evil.example',
          Forwarded: 'for=6.6.6.6;host=evil.example',
        },
      });
      const { headers } = app.seen.at(-1) ?? assert.fail();
      assert.equal(headers['x-forwarded-for'], '127.0.0.1');
      assert.equal(headers['x-forwarded-proto'], 'http');
      assert.equal(headers['x-forwarded-host'], undefined);
      assert.equal(headers.forwarded, undefined);
      assert.equal(headers.host, `127.0.0.1:${nginx.port}`);
    }
  });

  test('the version of nginx', async (t) => {
    const nginx = await alone(t);
    assert.deepEqual((await ask(`${nginx.url}/metrics`)).header('server'), ['nginx']);
  });
});

describe('ordinary requests', { timeout: 60_000 }, () => {
  test('the page is compressed for whoever accepts it, a small answer is not', async (t) => {
    const { nginx } = await chain(t, (req, res) => {
      const body = req.url === '/' ? 'page '.repeat(1000) : 'small';
      res.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', 'Content-Length': body.length });
      res.end(body);
    });
    const headers = { 'Accept-Encoding': 'gzip' };
    const page = await ask(`${nginx.url}/`, { headers });
    assert.deepEqual(page.header('content-encoding'), ['gzip']);
    assert.ok(page.header('vary').includes('Accept-Encoding'));
    assert.deepEqual((await ask(`${nginx.url}/test`, { headers })).header('content-encoding'), []);
    assert.equal((await ask(`${nginx.url}/`)).body, 'page '.repeat(1000));
  });

  test('G12 an event stream under any other path is not compressed either', async (t) => {
    const { nginx } = await chain(t, (_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream' }).end(': \n'.repeat(1000));
    });
    const got = await ask(`${nginx.url}/elsewhere`, { headers: { 'Accept-Encoding': 'gzip' } });
    assert.deepEqual(got.header('content-encoding'), []);
    assert.equal(got.body, ': \n'.repeat(1000));
  });

  test('100 events of 64 KiB fit into one request, 9 MiB do not', async (t) => {
    const { nginx } = await chain(t, (req, res) => {
      let bytes = 0;
      req.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      req.on('end', () => res.end(String(bytes)));
    });
    const batch = Buffer.alloc(100 * (64 * 1024 + 200), 'x');
    assert.equal(
      (await ask(`${nginx.url}/events`, { method: 'POST', body: batch })).body,
      String(batch.length),
    );
    const refused = await ask(`${nginx.url}/events`, { method: 'POST', body: Buffer.alloc(9 * 2 ** 20) });
    assert.equal(refused.status, 413);
    assert.deepEqual(refused.header('content-type'), ['application/json']);
    assert.match((JSON.parse(refused.body) as { error: string }).error, /8 MiB/);
  });
});

test('G17 a reload keeps the streams that are open, until worker_shutdown_timeout cuts what is left', {
  timeout: 60_000,
}, async (t) => {
  const { open: held, answer } = streams();
  const { nginx } = await chain(t, answer, {
    replace: { 'worker_shutdown_timeout 30s;': 'worker_shutdown_timeout 1s;' },
  });
  const before = await open(t, nginx, '/stream');
  await before.until('retry: 2345\n\n');
  await nginx.reload();
  held[0]?.write('data: still here\n\n');
  await before.until('data: still here\n\n');
  const after = await open(t, nginx, '/stream');
  await after.until('retry: 2345\n\n');
  assert.ok(!before.text.endsWith('0\r\n\r\n'));
  await before.ended();
  held[1]?.write('data: not cut\n\n');
  await after.until('data: not cut\n\n');
});

test('G13 when a browser leaves, the app is told at once', { timeout: 60_000 }, async (t) => {
  const { open: held, answer } = streams();
  const { nginx } = await chain(t, answer);
  const wire = await open(t, nginx, '/stream');
  await wire.until('retry: 2345\n\n');
  const stream = held[0] ?? assert.fail();
  const closed = once(stream, 'close');
  wire.close();
  await closed;
});

/** The real app, as the bundle sets it, with nginx in front. */
async function bundle(
  t: TestContext,
  settings: Record<string, string> = {},
  options: TestAppOptions = {},
): Promise<{ nginx: Nginx; app: TestApp }> {
  const corsOrigins = settings.CORS_ORIGINS;
  const app = await startApp({ CORS_OWNER: 'proxy', TRUST_PROXY: '1', ...settings }, options);
  t.after(() => app.stop());
  const nginx = await nginxFor(t, { app: `127.0.0.1:${app.port}`, ...(corsOrigins && { corsOrigins }) });
  return { app, nginx };
}

const json = { 'Content-Type': 'application/json' };
const post = (nginx: Nginx, path: string, body: unknown, headers = {}) =>
  ask(nginx.url + path, { method: 'POST', headers: { ...json, ...headers }, body: JSON.stringify(body) });

describe('in front of the real app', { timeout: 60_000 }, () => {
  test('a press is on /stream while the stream is open, byte for byte as the app words it', async (t) => {
    const { nginx } = await bundle(t, {}, { mock: true });
    const wire = await open(t, nginx, '/stream?channel=button', { 'Accept-Encoding': 'gzip' });
    await wire.until('"type":"open"');
    assert.equal((await post(nginx, '/pins/button', { press: 50 })).status, 200);
    await wire.until('event: click\n');
    const [head = '', body = ''] = wire.text.split('\r\n\r\n', 2);
    assert.match(head, /^HTTP\/1\.1 200 OK\r\n/);
    assert.doesNotMatch(head, /^(Content-Encoding|X-Accel-Buffering)/im);
    assert.match(head, /^Cache-Control: no-cache, no-transform\r$/m);
    assert.match(body, /retry: \d{4}\n\n/);
    assert.match(body, /\nid: [0-9a-z]+-\d+\nevent: press\ndata: \{"pin":"button","gpio":17,"press":1,/);
  });

  test('S4.17 cyclone’s addresses, raw payloads verbatim', async (t) => {
    const { nginx } = await bundle(t);
    const wires = [await open(t, nginx, '/sse/?channels=base'), await open(t, nginx, '/?channels=base')];
    for (const wire of wires) await wire.until('\nid: ');
    const published = await ask(`${nginx.url}/publish`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
      body: 'message=%5B123%2C+124%5D&channel=base',
    });
    assert.equal(published.body, '{"status":"ok"}');
    for (const wire of wires) await wire.until('\ndata: [123, 124]\n\n');
  });

  test('GET /events?wait= is answered as soon as there is an event', async (t) => {
    const { nginx } = await bundle(t);
    const { cursor } = JSON.parse((await ask(`${nginx.url}/events?channel=a`)).body) as { cursor: string };
    const waiting = ask(`${nginx.url}/events?channel=a&since=${cursor}&wait=60`);
    await post(nginx, '/events', { channel: 'a', data: 'x' });
    const { events } = JSON.parse((await waiting).body) as { events: { data: string }[] };
    assert.deepEqual(
      events.map(({ data }) => data),
      ['x'],
    );
  });

  test('G15 each answer of the app has one Access-Control-Allow-Origin: 200, 401, 403, 404, 415', async (t) => {
    const { nginx } = await bundle(t, { CORS_ORIGINS: ALLOWED, PUBLISH_OPEN: '0', PUBLISH_KEY: 'the-key' });
    const event = { channel: 'a', data: 'x' };
    const Origin = ALLOWED;
    for (const [status, answer] of [
      [200, await ask(`${nginx.url}/`, { headers: { Origin } })],
      [201, await post(nginx, '/events', event, { Origin, Authorization: 'Bearer the-key' })],
      [401, await post(nginx, '/events', event, { Origin })],
      [404, await ask(`${nginx.url}/nothing`, { headers: { Origin } })],
      [415, await post(nginx, '/events', event, { Origin, 'Content-Type': 'text/plain' })],
    ] as const) {
      assert.equal(answer.status, status, answer.body);
      assert.deepEqual(answer.header('access-control-allow-origin'), [ALLOWED]);
      assert.deepEqual(answer.header('access-control-allow-credentials'), ['true']);
    }
    const foreign = await post(nginx, '/events', event, { Origin: FOREIGN, Authorization: 'Bearer the-key' });
    assert.equal(foreign.status, 403);
    assert.deepEqual(foreign.header('access-control-allow-origin'), []);
  });

  test('a page on the port of nginx itself may publish: it is no foreign one', async (t) => {
    const { nginx } = await bundle(t);
    const event = { channel: 'a', data: 'x' };
    assert.equal((await post(nginx, '/events', event, { Origin: nginx.url })).status, 201);
    const otherPort = `http://127.0.0.1:${nginx.port + 1}`;
    assert.equal((await post(nginx, '/events', event, { Origin: otherPort })).status, 403);
  });

  test('the page and its scripts are compressed, and unchanged when unpacked', async (t) => {
    const { app, nginx } = await bundle(t);
    for (const path of ['/', '/pinstream.js', '/assets/page/style.css']) {
      const small = await fetch(nginx.url + path);
      assert.equal(small.headers.get('content-encoding'), 'gzip', path);
      assert.equal(await small.text(), (await ask(app.url + path)).body);
    }
  });

  test('G1 G16 a browser that is left alone has every event once, in order, after the app was away', async (t) => {
    const redis = await TestRedis.start();
    t.after(() => redis.stop());
    const port = String(await freePort());
    const settings = { REDIS_URL: redis.url, PORT: port };
    const { app, nginx } = await bundle(t, settings);
    const backend = await connectPublisher({ settings: readSettings(settings).settings });
    t.after(() => backend.close());

    const source = new EventSource(`${nginx.url}/stream?channel=a`);
    t.after(() => source.close());
    const heard: string[] = [];
    const hearing = (text: string) =>
      new Promise<void>((resolve) => {
        source.addEventListener('message', ({ data }) => data === text && resolve());
      });
    const told = (type: string) =>
      new Promise<void>((resolve) => {
        source.addEventListener(
          'pinstream',
          ({ data }) => (JSON.parse(data) as { type: string }).type === type && resolve(),
        );
      });
    source.addEventListener('message', ({ data }) => heard.push(data));
    await told('open');

    const first = hearing('1');
    await backend.sendEvent('message', '1', { channel: 'a' });
    await first;
    const refused = told('refused');
    await app.stop();
    await backend.sendEvent('message', '2', { channel: 'a' });
    await refused;
    await backend.sendEvent('message', '3', { channel: 'a' });
    const fourth = hearing('4');
    const again = await startApp({ CORS_OWNER: 'proxy', TRUST_PROXY: '1', ...settings });
    t.after(() => again.stop());
    await backend.sendEvent('message', '4', { channel: 'a' });
    await fourth;
    assert.deepEqual(heard, ['1', '2', '3', '4']);
  });
});

describe('the template', { timeout: 60_000 }, () => {
  test('uses variables of our own and leaves the rest to nginx', async () => {
    const text = await template();
    const names = [...text.matchAll(/\$\{?(\w+)/g)].map(([, name]) => name ?? '');
    assert.deepEqual(
      new Set(names.filter((name) => /^[A-Z]/.test(name))),
      new Set([
        'PINSTREAM_LISTEN',
        'PINSTREAM_RESOLVER',
        'PINSTREAM_APP',
        'PINSTREAM_SOCKET',
        'PINSTREAM_TLS',
        'PINSTREAM_ADDRESS_REQUESTS',
        'PINSTREAM_ADDRESS_CONNECTIONS',
        'PINSTREAM_STREAMS',
        'PINSTREAM_STREAM_SECONDS',
      ]),
    );
    // Whatever else is in the environment, these are not replaced: they are small letters.
    const everything = {
      HOST: 'x',
      HOME: 'x',
      PATH: 'x',
      STATUS: 'x',
      PINSTREAM: 'x',
      PINSTREAM_UNUSED: 'x',
    };
    assert.equal(envsubst(text, everything, /./), text);
  });
});
