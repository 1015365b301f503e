import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { startApp } from '../support/app.ts';
import { freePort } from '../support/freePort.ts';
import { eventually, ready } from '../support/ready.ts';
import { TestRedis } from '../support/redis.ts';
import { run } from './command.ts';

const ALLOWED = 'https://allowed.example';

async function appFor(t: TestContext, settings: Record<string, string> = {}): Promise<string> {
  const app = await startApp({ HEARTBEAT: '300ms', CORS_ORIGINS: ALLOWED, ...settings }, { mock: true });
  t.after(() => app.stop());
  return app.url;
}

/** What differs from one machine to the next. */
function plain(output: string): string {
  return output.replace(/\(\d+ ms\)/g, '(N ms)').replace(/\d+ MB of \d+ MB/, 'N MB of N MB');
}

describe('pinstream doctor', { concurrency: 2 }, () => {
  test('says all that it looked at, a line each, and that all is well', async (t) => {
    const url = await appFor(t);
    const { code, output, errors } = await run(['doctor', url, '--origin', ALLOWED]);
    assert.deepEqual(
      { code, errors, output: plain(output) },
      {
        code: 0,
        errors: '',
        output: `Pinstream at ${url}
✓ reachable      Pinstream answers (N ms)
✓ stream         a stream opens (N ms)
✓ publish        an event is taken through POST /events
✓ events         events arrive one by one, at once (N ms)
✓ replay         Last-Event-ID brings what was missed, once and in order
✓ replay-query   last_event_id in the query brings what was missed, once and in order
✓ compression    streams are not compressed
✓ cors           an answer: pages of https://allowed.example may read it, others may not
✓ cors-stream    a stream: pages of https://allowed.example may read it, others may not
✓ cors-404       a 404: pages of https://allowed.example may read it, others may not
✓ preflight      a preflight is answered, for keys, JSON and cursors
– timeout        not looked at: nothing here says so. If something stands in front of the app: --slow looks whether a stream lasts, in 70 s.
– long-poll      not looked at: it takes 60 s. --slow waits for it.
– away-stream    not looked at: if something stands in front of the app: stop the app, and run pinstream doctor ${url} --away
– away-sse       not looked at: if something stands in front of the app: stop the app, and run pinstream doctor ${url} --away
– cors-502       not looked at: if something stands in front of the app: stop the app, and run pinstream doctor ${url} --away
✓ gpio           the mock plays 1 pin, no real one is watched
– redis          not looked at: there is no REDIS_URL here.
✓ clock          the clocks agree
✓ disk           N MB of N MB of the disk that this runs from are free
✓ heartbeat      a heartbeat comes, as promised every 0.3 s

All is well. Not looked at: 6 of 21.
`,
      },
    );
  });

  test('ends with 1 when something is wrong, and says as JSON what', async (t) => {
    const redis = await TestRedis.start();
    t.after(() => redis.stop());
    const url = await appFor(t, { REDIS_URL: redis.url });
    await ready(url);
    await eventually(
      'the sidecar lives',
      async () => (await redis.command('EXISTS', 'pinstream:device')) === 1,
    );
    const { code, output, errors } = await run(['doctor', url, '--json'], {
      env: { REDIS_URL: redis.url, CORS_ORIGINS: ALLOWED },
    });
    assert.deepEqual({ code, errors, lines: output.split('\n').length }, { code: 1, errors: '', lines: 2 });
    const {
      url: at,
      ok,
      checks,
    } = JSON.parse(output) as {
      url: string;
      ok: boolean;
      checks: { name: string; state: string; text: string; ms?: number }[];
    };
    assert.deepEqual({ at, ok }, { at: url, ok: false });
    assert.deepEqual(
      checks.filter(({ state }) => state === 'fault'),
      [
        {
          name: 'redis-aof',
          state: 'fault',
          text: 'Redis does not write its log (AOF): a restart of it loses every event. Set appendonly yes.',
        },
        {
          name: 'redis-memory',
          state: 'fault',
          text: 'The memory of Redis is not bounded: when there is none left, the system ends whatever it likes. Set maxmemory, to twice STORE_BYTES (128 MiB).',
        },
      ],
    );
    const publish = checks.find(({ name }) => name === 'publish');
    assert.deepEqual(publish, { name: 'publish', state: 'ok', text: 'an event is taken through Redis' });
    const { ms, ...events } = checks.find(({ name }) => name === 'events') ?? {};
    assert.deepEqual(events, { name: 'events', state: 'ok', text: 'events arrive one by one, at once' });
    assert.ok(Number(ms) < 250, `${ms} ms`);
  });

  test('ends at once when nobody answers, and says so', async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    const { code, output } = await run(['doctor', url]);
    assert.equal(code, 1);
    assert.match(output, /^✗ reachable {6}Nobody answers at .*: nothing listens there\. Is it running/m);
    assert.match(output, /\n\nSomething is wrong: 1 of 21\. Not looked at: 18 of 21\.\n$/);
    const away = await run(['doctor', url, '--away']);
    assert.equal(away.code, 1);
    assert.match(away.output, /\n\nSomething is wrong: 1 of 4\. Not looked at: 3 of 4\.\n$/);
  });

  test('takes the key from a file', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'pinstream-doctor-'));
    t.after(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'key'), 'sesame\n');
    const url = await appFor(t, { PUBLISH_OPEN: '0', PUBLISH_KEY: 'sesame' });
    const { output } = await run(['doctor', url], { env: { PUBLISH_KEY_FILE: join(folder, 'key') } });
    assert.match(output, /^✓ events /m);
    assert.doesNotMatch(output, /sesame/);
  });

  test('wants an address and an origin that are ones', async () => {
    const address = 'URL must be an address like http://raspberrypi.local, without a path.\n';
    const origin = '--origin must be an origin like https://a.example, without a path.\n';
    for (const url of ['raspberrypi.local', 'ftp://pi.local', 'http://pi.local/stream', 'http://pi.local/?a'])
      assert.deepEqual(await run(['doctor', url]), { code: 64, output: '', errors: address }, url);
    for (const one of ['*', 'a.example', 'https://a.example/', 'https://a.example,https://b.example'])
      assert.deepEqual(await run(['doctor', '--origin', one]), { code: 64, output: '', errors: origin }, one);
    assert.equal((await run(['doctor', '--redis-url', 'nowhere'])).code, 78);
  });
});
