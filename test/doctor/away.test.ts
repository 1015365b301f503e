import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { ALLOWED, OF_THE_APP, proxied, skippedFor, WELL, withFaults } from '../support/doctor.ts';
import { examined } from '../support/examined.ts';
import { type Faults, startFaultyProxy } from '../support/faultyProxy.ts';
import { freePort } from '../support/freePort.ts';

const SETTINGS = { settings: { CORS_ORIGINS: ALLOWED } };
const REFUSED = (path: string) => `✓ while the app is away, ${path} is a 200 that says when to come back`;
const CORS_502 = '✓ a 502: pages of https://allowed.example may read it, others may not';
const GIVES_UP =
  'on which browsers give up for ever: answer 200 with a retry, as @away_stream in nginx/templates does.';

const both = (fault: (path: string) => string) => ({
  'away-stream': `✗ While the app is away, ${fault('/stream')}`,
  'away-sse': `✗ While the app is away, ${fault('/sse/')}`,
});

/** A proxy whose app is away. */
async function alone(t: TestContext, faults: Faults = {}): Promise<string> {
  const proxy = await startFaultyProxy(await freePort(), ALLOWED, faults);
  t.after(() => proxy.stop());
  return proxy.url;
}

describe('the doctor on an app that is away', { concurrency: 4 }, () => {
  test('tells of a plain 502, of a refusal without a time, and of one that does not end', async (t) => {
    const [plain, timeless, endless] = await Promise.all([
      withFaults(t, {
        away: (response) => response.writeHead(502, { 'Content-Type': 'text/html' }).end('<h1>'),
      }),
      withFaults(t, {
        away: (response, stream) =>
          response.writeHead(stream ? 200 : 502, { 'Content-Type': 'text/event-stream' }).end(': sorry\n\n'),
      }),
      withFaults(
        t,
        {
          away: (response, stream) => {
            response.writeHead(stream ? 200 : 502, { 'Content-Type': 'text/event-stream' });
            response.write('retry: 1000\n\n');
            if (!stream) response.end();
          },
        },
        { patience: { away: 4_000 } },
      ),
    ]);
    assert.deepEqual(plain, {
      ...WELL,
      ...both((path) => `${path} is answered 502 (text/html), ${GIVES_UP}`),
    });
    assert.deepEqual(timeless, {
      ...WELL,
      ...both(
        (path) =>
          `${path} does not say when to come back, so that all browsers come at once: begin with retry:, as @away_stream in nginx/templates does.`,
      ),
    });
    assert.deepEqual(endless, {
      ...WELL,
      ...both((path) => `${path} is refused, but the answer does not end.`),
    });
  });

  test('tells of a refusal and a 502 that another page cannot read', async (t) => {
    const said = await withFaults(t, {
      away: (response, stream) => {
        response.removeHeader('Access-Control-Allow-Origin');
        response
          .writeHead(stream ? 200 : 502, { 'Content-Type': stream ? 'text/event-stream' : 'text/html' })
          .end('retry: 1000\n\n');
      },
    });
    const forgotten = (what: string) =>
      `✗ Pages of https://allowed.example may not read ${what}: it has no Access-Control-Allow-Origin. Is that origin in CORS_ORIGINS? In nginx the header needs "always", and a location with an add_header of its own has lost it.`;
    assert.deepEqual(said, {
      ...WELL,
      'away-stream': forgotten('the refusal of /stream'),
      'away-sse': forgotten('the refusal of /sse/'),
      'cors-502': forgotten('a 502'),
    });
  });

  test('says how to look at a proxy that has no address for it', async (t) => {
    const none: Faults = {
      ask: (request) => {
        request.url = request.url.replace('/doctor/away', '/nowhere');
      },
      answer: ({ url = '' }, response) => {
        if (!url.startsWith('/doctor/away')) return false;
        response.writeHead(404).end();
        return true;
      },
    };
    const { proxy } = await proxied(t, none);
    assert.deepEqual(await examined(proxy.url, SETTINGS), {
      ...WELL,
      ...skippedFor(
        `what stands in front has no address for it: stop the app, and run pinstream doctor ${proxy.url} --away`,
        'away-stream',
        'away-sse',
        'cors-502',
      ),
    });
  });

  test('tells of one of both streams alone', async (t) => {
    const plain = (path: string): Faults => ({
      answer: ({ url }, response) => {
        if (url !== path) return false;
        response.writeHead(502, { 'Content-Type': 'text/html' }).end('<h1>');
        return true;
      },
    });
    const [stream, sse] = await Promise.all([
      withFaults(t, plain('/doctor/away/stream')),
      withFaults(t, plain('/doctor/away/sse')),
    ]);
    const said = both((path) => `${path} is answered 502 (text/html), ${GIVES_UP}`);
    assert.deepEqual(stream, { ...WELL, 'away-stream': said['away-stream'] });
    assert.deepEqual(sse, { ...WELL, 'away-sse': said['away-sse'] });
  });

  test('with --away says where to look, when all but the health leads to HTTPS', async (t) => {
    const leads: Faults = {
      answer: ({ url = '' }, response) => {
        if (url === '/healthz') response.writeHead(502).end();
        else response.writeHead(308, { Location: `https://127.0.0.1:8443${url}` }).end();
        return true;
      },
    };
    const url = await alone(t, leads);
    const said = await examined(url, { ...SETTINGS, away: true });
    assert.deepEqual(said, {
      reachable: `✗ ${url} only leads to https://127.0.0.1:8443: look there, by pinstream doctor https://127.0.0.1:8443`,
      ...skippedFor('the app is not away.', 'away-stream', 'away-sse', 'cors-502'),
    });
    assert.equal((await examined(url, SETTINGS)).reachable, said.reachable);
  });

  test('with --away looks at the real addresses', async (t) => {
    assert.deepEqual(await examined(await alone(t), { ...SETTINGS, away: true }), {
      reachable: '✓ a proxy answers, and the app is away',
      'away-stream': REFUSED('/stream'),
      'away-sse': REFUSED('/sse/'),
      'cors-502': CORS_502,
    });
    const plain: Faults = { away: (response) => response.writeHead(502).end() };
    assert.deepEqual(await examined(await alone(t, plain), { ...SETTINGS, away: true }), {
      reachable: '✓ a proxy answers, and the app is away',
      'away-stream': `✗ While the app is away, /stream is answered 502, ${GIVES_UP}`,
      'away-sse': `✗ While the app is away, /sse/ is answered 502, ${GIVES_UP}`,
      'cors-502': CORS_502,
    });
  });

  test('with --away wants the app to be away, and the proxy not', async (t) => {
    const skips = skippedFor('the app is not away.', 'away-stream', 'away-sse', 'cors-502');
    const { proxy } = await proxied(t);
    assert.deepEqual(await examined(proxy.url, { ...SETTINGS, away: true }), {
      reachable:
        '✗ The app answers (200 (application/json)): --away looks at what is said in its place, so stop it first (docker compose stop app).',
      ...skips,
    });
    const nobody = `http://127.0.0.1:${await freePort()}`;
    assert.deepEqual(await examined(nobody, { ...SETTINGS, away: true }), {
      reachable: `✗ Nobody answers at ${nobody}: nothing listens there. Is it running, and is the port right?`,
      ...skips,
    });
  });

  test('without --away says that it is, and looks at what is said in its place', async (t) => {
    const said = await examined(await alone(t), SETTINGS);
    assert.deepEqual(said, {
      reachable:
        '✗ What stands in front answers 502: the app behind it is not there. Start it, or look at its log (docker compose logs app).',
      ...skippedFor('the app is away.', ...OF_THE_APP),
      'away-stream': REFUSED('/stream'),
      'away-sse': REFUSED('/sse/'),
      'cors-502': CORS_502,
      redis: WELL.redis,
      clock: WELL.clock,
      disk: WELL.disk,
    });
  });
});
