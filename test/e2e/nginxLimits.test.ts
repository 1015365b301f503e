import assert from 'node:assert/strict';
import { Agent, type RequestListener, request } from 'node:http';
import { describe, type TestContext, test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { alone, chain, type Nginx, runLimits } from '../support/nginx.ts';
import { eventually } from '../support/ready.ts';
import { type Answer, ask, openWire, type Wire } from '../support/wire.ts';

const ALLOWED = 'https://allowed.example';
const KEY_IN_A_QUERY = 'do-not-log-me';

const ok: RequestListener = (_req, res) => void res.end('of the app');
const stream: RequestListener = (_req, res) => {
  res.writeHead(200, { 'Content-Type': 'text/event-stream; charset=utf-8' }).write('data: of the app\n\n');
};

const TOO_MANY_REQUESTS =
  '{"error":"Too many requests from this address. Send up to 100 events as an array in one POST /events, or publish through Redis."}\n';
const TOO_MANY_STREAMS =
  /^retry: [23]\d{3}\n\nevent: pinstream\ndata: \{"type":"refused","reason":"Too many streams at once, from this address or in all\."\}\n\n$/;

/** Six at once, and then one a second: whoever asks a seventh time within that second is refused. */
const few = { requests: 1, replace: { 'burst=1000 nodelay': 'burst=5 nodelay' } };

/** Asks until the answer is another one than the app's. */
async function untilRefused(question: () => Promise<Answer>): Promise<Answer> {
  for (let asked = 0; asked < 30; asked++) {
    const answer = await question();
    if (answer.body !== 'of the app') return answer;
  }
  return assert.fail('It was never refused.');
}

async function open(t: TestContext, nginx: Nginx, path: string): Promise<Wire> {
  const wire = await openWire(nginx.port, path);
  t.after(() => wire.close());
  return wire;
}

describe('one address that asks too often', { timeout: 60_000 }, () => {
  for (const [method, path] of [
    ['POST', '/events'],
    ['POST', '/publish'],
    ['GET', '/'],
    ['GET', '/pinstream.js'],
    ['PUT', '/stream/some-session'],
    ['GET', '/doctor/away'],
  ] as const) {
    test(`${method} ${path} is a 429 that says what to do instead, and a page that may use this can read it`, async (t) => {
      const { nginx } = await chain(t, ok, { ...few, corsOrigins: ALLOWED });
      const headers = { Origin: ALLOWED };
      const refused = await untilRefused(async () => {
        const answer = await ask(nginx.url + path, { method, headers });
        return answer.status === 502 ? { ...answer, body: 'of the app' } : answer;
      });
      assert.equal(refused.status, 429);
      assert.equal(refused.body, TOO_MANY_REQUESTS);
      assert.deepEqual(refused.header('content-type'), ['application/json']);
      assert.deepEqual(refused.header('retry-after'), ['1']);
      assert.deepEqual(refused.header('cache-control'), ['no-store']);
      assert.deepEqual(refused.header('access-control-allow-origin'), [ALLOWED]);
      // What costs nothing is not counted, and a page on another origin is not left without an answer.
      assert.equal((await ask(nginx.url + path, { method: 'OPTIONS', headers })).status, 204);
    });
  }

  for (const [path, words] of [
    ['/stream?channel=a', TOO_MANY_STREAMS],
    ['/sse/?channels=a', /^retry: [23]\d{3}\n\n$/],
    ['/?channels=a', /^retry: [23]\d{3}\n\n$/],
  ] as const) {
    test(`G1 G19 ${path} is a 200 stream that says when to come back, and then it is let in`, async (t) => {
      const { nginx } = await chain(t, ok, { ...few, corsOrigins: ALLOWED });
      const refused = await untilRefused(() => ask(nginx.url + path, { headers: { Origin: ALLOWED } }));
      assert.equal(refused.status, 200);
      assert.match(refused.body, words);
      assert.deepEqual(refused.header('content-type'), ['text/event-stream; charset=utf-8']);
      assert.deepEqual(refused.header('cache-control'), ['no-store']);
      assert.deepEqual(refused.header('retry-after'), []);
      assert.deepEqual(refused.header('access-control-allow-origin'), [ALLOWED]);
      await eventually(
        'the stream is let in',
        async () => (await ask(nginx.url + path)).body === 'of the app',
      );
    });
  }

  test('streams and requests are counted apart', async (t) => {
    const { nginx } = await chain(t, ok, few);
    const post = () => ask(`${nginx.url}/events`, { method: 'POST' });
    await untilRefused(post);
    assert.equal((await ask(`${nginx.url}/stream`)).body, 'of the app');
    const other = await chain(t, ok, few);
    await untilRefused(() => ask(`${other.nginx.url}/stream`));
    assert.equal((await ask(`${other.nginx.url}/events`, { method: 'POST' })).body, 'of the app');
  });

  test('a thousand browsers of one address come back at the same moment, and none is refused', async (t) => {
    const { app, nginx } = await chain(t, ok);
    const answers = await Promise.all(Array.from({ length: 1_000 }, () => ask(`${nginx.url}/stream`)));
    assert.deepEqual([...new Set(answers.map(({ body }) => body))], ['of the app']);
    assert.equal(app.seen.length, 1_000);
  });

  test('a script that publishes a hundred times a second, one by one, is never refused', async (t) => {
    // Without the burst of a thousand, it would be refused soon if it were a little too fast.
    const { nginx } = await chain(t, ok, { replace: { 'burst=1000 nodelay': 'burst=3 nodelay' } });
    const agent = new Agent({ keepAlive: true });
    t.after(() => agent.destroy());
    const statuses = new Set<number | undefined>();
    for (let sent = 0; sent < 200; sent++) {
      const next = setTimeout(10);
      statuses.add(await post(`${nginx.url}/events`, agent));
      await next;
    }
    assert.deepEqual([...statuses], [200]);
  });

  test("the app's own 429 passes through", async (t) => {
    const { nginx } = await chain(t, (_req, res) => {
      res
        .writeHead(429, { 'Content-Type': 'application/json', 'Retry-After': '7' })
        .end('{"error":"of the app"}');
    });
    for (const path of ['/events', '/stream', '/sse/?channels=a']) {
      const answer = await ask(nginx.url + path);
      assert.equal(answer.status, 429);
      assert.equal(answer.body, '{"error":"of the app"}');
      assert.deepEqual(answer.header('retry-after'), ['7']);
    }
  });

  test('keys in its queries are in no log', async (t) => {
    const { nginx } = await chain(t, ok, few);
    for (const path of ['/events', '/stream'])
      await untilRefused(() => ask(`${nginx.url}${path}?key=${KEY_IN_A_QUERY}`));
    const { access, errors } = await nginx.stop();
    assert.doesNotMatch(access + errors, new RegExp(KEY_IN_A_QUERY));
    assert.match(access, / GET \/events 429 \d+B [\d.]+s app=-:-$/m);
  });
});

describe('one address with too much under way', { timeout: 60_000 }, () => {
  test('G1 G19 a further stream is refused as a stream, a further request by 429, until one has left', async (t) => {
    const { nginx } = await chain(t, stream, { connections: 3 });
    const wires: Wire[] = [];
    for (const path of ['/stream', '/sse/?channels=a', '/stream']) {
      const wire = await open(t, nginx, path);
      await wire.until('data: of the app\n\n');
      wires.push(wire);
    }
    const refused = await ask(`${nginx.url}/stream?key=${KEY_IN_A_QUERY}`);
    assert.equal(refused.status, 200);
    assert.match(refused.body, TOO_MANY_STREAMS);
    const request = await ask(`${nginx.url}/events`, { method: 'POST' });
    assert.equal(request.status, 429);
    assert.equal(request.body, TOO_MANY_REQUESTS);

    wires[0]?.close();
    await eventually('there is a place again', async () => {
      const wire = await open(t, nginx, '/stream');
      await wire.until('data: ');
      return wire.text.includes('data: of the app');
    });
    const { access, errors } = await nginx.stop();
    assert.doesNotMatch(access + errors, new RegExp(KEY_IN_A_QUERY));
  });
});

describe('too many streams in all', { timeout: 60_000 }, () => {
  test('G1 G14 a further one is refused as a stream, while requests go on, until one has left', async (t) => {
    const { nginx } = await chain(t, stream, { streams: 3 });
    const wires: Wire[] = [];
    for (const path of ['/stream', '/sse/?channels=a', '/?channels=a']) {
      const wire = await open(t, nginx, path);
      await wire.until('data: of the app\n\n');
      wires.push(wire);
    }
    const refused = await ask(`${nginx.url}/stream`);
    assert.equal(refused.status, 200);
    assert.match(refused.body, TOO_MANY_STREAMS);
    assert.match((await ask(`${nginx.url}/sse/?channels=a`)).body, /^retry: [23]\d{3}\n\n$/);
    const request = await open(t, nginx, '/events');
    await request.until('data: of the app\n\n');

    wires[0]?.close();
    await eventually('there is a place again', async () => {
      const wire = await open(t, nginx, '/stream');
      await wire.until('data: ');
      return wire.text.includes('data: of the app');
    });
  });
});

describe('ADDRESS_REQUESTS and ADDRESS_CONNECTIONS are checked before nginx starts', () => {
  const good = { PINSTREAM_ADDRESS_REQUESTS: '100', PINSTREAM_ADDRESS_CONNECTIONS: '2000' };
  for (const value of [
    '',
    '0',
    '-1',
    '1.5',
    '1e3',
    '010',
    '100000',
    '99999999999999999999',
    'many',
    '5r/s; } x',
  ]) {
    test(`ADDRESS_REQUESTS=${JSON.stringify(value)} stops the start with one sentence`, () => {
      assert.deepEqual(runLimits({ ...good, PINSTREAM_ADDRESS_REQUESTS: value }), {
        status: 1,
        stderr: `ADDRESS_REQUESTS must be a whole number from 1 to 99999, but is "${value}".\n`,
      });
    });
  }

  test('more connections than nginx has stop it too, and a line break does not get through', () => {
    for (const [value, shown] of [
      ['4097', '4097'],
      ['5\n6', '5?6'],
    ] as const) {
      assert.deepEqual(runLimits({ ...good, PINSTREAM_ADDRESS_CONNECTIONS: value }), {
        status: 1,
        stderr: `ADDRESS_CONNECTIONS must be a whole number from 1 to 4096, but is "${shown}".\n`,
      });
    }
  });

  test('what is good is let through, and nginx starts with the most that is allowed', async (t) => {
    assert.deepEqual(runLimits(good), { status: 0, stderr: '' });
    const most = { PINSTREAM_ADDRESS_REQUESTS: '99999', PINSTREAM_ADDRESS_CONNECTIONS: '4096' };
    assert.deepEqual(runLimits(most), { status: 0, stderr: '' });
    await alone(t, { requests: 99_999, connections: 4_096 });
  });
});

/** A POST on a connection that stays open. */
function post(url: string, agent: Agent): Promise<number | undefined> {
  return new Promise((done, failed) => {
    request(url, { method: 'POST', agent }, (response) => {
      response.resume().once('end', () => done(response.statusCode));
    })
      .once('error', failed)
      .end('{}');
  });
}
