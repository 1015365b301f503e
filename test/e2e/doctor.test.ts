import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { startApp, type TestApp } from '../support/app.ts';
import { ALLOWED, skippedFor, WELL } from '../support/doctor.ts';
import { type Examination, examined } from '../support/examined.ts';
import { startNginx } from '../support/nginx.ts';

/** The bundle's nginx, with a fault planted in its configuration: each is told by its own line, and by no other. */

interface Plant {
  readonly replace?: Readonly<Record<string, string>>;
  readonly settings?: Readonly<Record<string, string>>;
  readonly origins?: string;
  readonly streamSeconds?: number;
  readonly look?: Examination;
}

async function through(
  t: TestContext,
  { settings = {}, origins = ALLOWED, replace, streamSeconds }: Plant = {},
) {
  const app = await startApp(
    { HEARTBEAT: '300ms', CORS_OWNER: 'proxy', TRUST_PROXY: '1', CORS_ORIGINS: origins, ...settings },
    { mock: true },
  );
  t.after(() => app.stop());
  const nginx = await startNginx({
    app: `127.0.0.1:${app.port}`,
    corsOrigins: origins,
    ...(replace && { replace }),
    ...(streamSeconds !== undefined && { streamSeconds }),
  });
  t.after(() => nginx.stop());
  return { app, nginx };
}

async function said(t: TestContext, plant: Plant = {}): Promise<Record<string, string>> {
  const { nginx } = await through(t, plant);
  return examined(nginx.url, { settings: { CORS_ORIGINS: plant.origins ?? ALLOWED }, ...plant.look });
}

const forgotten = (what: string) =>
  `✗ Pages of https://allowed.example may not read ${what}: it has no Access-Control-Allow-Origin. Is that origin in CORS_ORIGINS? In nginx the header needs "always", and a location with an add_header of its own has lost it.`;
const twice = (what: string) =>
  `✗ Access-Control-Allow-Origin comes 2 times on ${what}, which browsers take for none: either the app sends it or what stands in front (CORS_OWNER=proxy).`;
const withStar = (what: string) =>
  `✗ Access-Control-Allow-Credentials comes together with * on ${what}: credentials are only for origins that are named.`;

describe('the doctor through nginx', { concurrency: 4, timeout: 60_000 }, () => {
  test("says that all is well with the bundle's own", async (t) => {
    assert.deepEqual(await said(t), WELL);
  });

  test('tells of one that buffers', async (t) => {
    const replace = {
      'proxy_buffering off;': 'proxy_buffering on; proxy_ignore_headers X-Accel-Buffering;',
      // An app that writes no chunks, which would be passed on one by one.
      'proxy_http_version 1.1;': 'proxy_http_version 1.0;',
    };
    assert.deepEqual(await said(t, { replace, look: { patience: { opening: 1_000 } } }), {
      ...WELL,
      stream:
        '✗ A stream does not begin: the app stands still, or what stands in front collects streams. In nginx: proxy_buffering off, without proxy_ignore_headers (docs/operations.md, "Behind nginx").',
      ...skippedFor('no stream opens.', 'events', 'replay', 'replay-query', 'compression', 'timeout'),
      ...skippedFor('no stream begins.', 'cors-stream', 'heartbeat'),
    });
  });

  test('tells of one that compresses streams', async (t) => {
    const replace = {
      'gzip off;': 'gzip on; gzip_types text/event-stream; gzip_min_length 1; gzip_proxied any;',
    };
    assert.deepEqual(await said(t, { replace }), {
      ...WELL,
      compression:
        '✗ Streams are compressed (gzip), so events wait until a block is full: leave text/event-stream out. In nginx: gzip off for /stream and /sse/.',
    });
  });

  test('tells of one that drops Last-Event-ID', async (t) => {
    const replace = {
      'proxy_set_header Forwarded "";': 'proxy_set_header Forwarded ""; proxy_set_header Last-Event-ID "";',
    };
    assert.deepEqual(await said(t, { replace }), {
      ...WELL,
      replay:
        '✗ The header Last-Event-ID does not reach the app: whoever reconnects misses what came meanwhile. Let what stands in front pass it on.',
    });
  });

  test('tells of one that answers preflights with 405', async (t) => {
    assert.deepEqual(await said(t, { replace: { 'return 204;': 'return 405;' } }), {
      ...WELL,
      preflight:
        '✗ OPTIONS /stream is answered 405: pages of other origins can send no key, no JSON and no cursor. Answer it with 204.',
    });
  });

  test('tells of two owners of CORS', async (t) => {
    const replace = { 'proxy_hide_header Access-Control-Allow-Origin;': '' };
    assert.deepEqual(await said(t, { replace, settings: { CORS_OWNER: 'app' } }), {
      ...WELL,
      cors: twice('an answer'),
      'cors-stream': twice('a stream'),
      'cors-404': twice('a 404'),
    });
  });

  test('tells of CORS that is forgotten on errors', async (t) => {
    const replace = { '$pinstream_origin       always;': '$pinstream_origin;' };
    assert.deepEqual(await said(t, { replace }), {
      ...WELL,
      'cors-404': forgotten('a 404'),
      'cors-502': forgotten('a 502'),
    });
  });

  test('tells of credentials together with *', async (t) => {
    const replace = { '$pinstream_credentials  always;': 'true always;' };
    assert.deepEqual(await said(t, { replace, origins: '*' }), {
      ...WELL,
      cors: withStar('an answer'),
      'cors-stream': withStar('a stream'),
      'cors-404': withStar('a 404'),
      'away-stream': withStar('the refusal of /stream'),
      'away-sse': withStar('the refusal of /sse/'),
      'cors-502': withStar('a 502'),
    });
  });

  test('tells of a plain 502 for a stream, by the line that says so for the real one', async (t) => {
    const plain = (path: string) =>
      `✗ While the app is away, ${path} is answered 502 (application/json), on which browsers give up for ever: answer 200 with a retry, as @away_stream in nginx/templates does.`;
    const [stream, sse] = await Promise.all([
      said(t, { replace: { '/stream/?$"  @away_stream;': '/stream/?$"  @away;' } }),
      said(t, { replace: { '/sse/?$"     @away_sse;': '/sse/?$"     @away;' } }),
    ]);
    assert.deepEqual(stream, { ...WELL, 'away-stream': plain('/stream') });
    assert.deepEqual(sse, { ...WELL, 'away-sse': plain('/sse/') });
  });

  test('tells of one that waits a minute only, by what it says of itself, and of one that cuts streams off', async (t) => {
    const cutOff = (seconds: number) =>
      `✗ nginx cuts a stream off on which nothing comes for ${seconds} s: let it wait longer, in nginx: proxy_read_timeout 1d for /stream and /sse/ (docs/operations.md, "Behind nginx").`;
    const [minute, less, quiet] = await Promise.all([
      said(t, { streamSeconds: 60 }),
      said(t, { streamSeconds: 2, look: { slow: true, patience: { stream: 3_000, poll: 1_000 } } }),
      said(t, { streamSeconds: 1, settings: { HEARTBEAT: '3s' } }),
    ]);
    assert.deepEqual(minute, { ...WELL, timeout: cutOff(60) });
    // Heartbeats come meanwhile, and hide it from whoever only looks whether a stream lasts.
    assert.deepEqual(less, {
      ...WELL,
      timeout: cutOff(2),
      'long-poll': '✓ a quiet long poll is answered in its time',
    });
    assert.deepEqual(quiet, {
      ...WELL,
      timeout: cutOff(1),
      heartbeat:
        '✗ A stream is cut off before its heartbeat, which comes every 3 s: let what stands in front wait longer (docs/operations.md, "Behind nginx").',
    });
  });

  test('measures it when it is told to', async (t) => {
    const replace = {
      'proxy_read_timeout 86400s;': 'proxy_read_timeout 1s;',
      'proxy_read_timeout 75s;': 'proxy_read_timeout 1s;',
    };
    const look = { slow: true, patience: { stream: 3_000, poll: 3_000 } };
    const { timeout, 'long-poll': poll } = await said(t, { replace, look, settings: { HEARTBEAT: '5s' } });
    assert.deepEqual(
      [timeout, poll],
      [
        '✗ A stream is cut off after 1 s: let what stands in front wait longer, in nginx: proxy_read_timeout 1d for /stream and /sse/ (docs/operations.md, "Behind nginx").',
        '✗ GET /events?wait=3 is answered 504 after 1 s: let what stands in front wait longer, in nginx: proxy_read_timeout 75s.',
      ],
    );
    const well = await said(t, { look });
    assert.deepEqual(well, {
      ...WELL,
      timeout: '✓ a stream is open for 3 s, with its heartbeats, and goes on',
      'long-poll': '✓ a quiet long poll is answered in its time',
    });
  });

  test('looks at the real addresses while the app is really away', async (t) => {
    const { app, nginx } = await through(t);
    await (app satisfies TestApp).stop();
    const settings = { CORS_ORIGINS: ALLOWED };
    const away = {
      'away-stream': WELL['away-stream'],
      'away-sse': '✓ while the app is away, /sse/ is a 200 that says when to come back',
      'cors-502': WELL['cors-502'],
    };
    assert.deepEqual(await examined(nginx.url, { settings, away: true }), {
      reachable: '✓ a proxy answers, and the app is away',
      ...away,
    });
    const { reachable, ...rest } = await examined(nginx.url, { settings });
    assert.equal(
      reachable,
      '✗ What stands in front answers 502: the app behind it is not there. Start it, or look at its log (docker compose logs app).',
    );
    assert.deepEqual({ ...rest, ...away }, rest);
  });
});
