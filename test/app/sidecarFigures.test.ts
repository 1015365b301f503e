import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { startApp, type TestApp, type TestAppOptions } from '../support/app.ts';
import { eventually, ready } from '../support/ready.ts';
import { TestRedis } from '../support/redis.ts';
import { request } from '../support/request.ts';
import { REPORT } from '../support/sidecarReport.ts';

async function appFor(
  t: TestContext,
  settings: Record<string, string> = {},
  options?: TestAppOptions,
): Promise<TestApp> {
  const app = await startApp(settings, options);
  t.after(() => app.stop());
  return app;
}

/** All that the metrics say of the sidecar. */
async function figures(app: TestApp): Promise<string[]> {
  const { text } = await request(`${app.url}/metrics`);
  return text.split('\n').filter((line) => line.startsWith('pinstream_sidecar_'));
}

test('the metrics say how the sidecar is, as it said last, each pin by its name', async (t) => {
  const app = await appFor(t);
  await app.store.board.deviceAlive({
    ...REPORT,
    stalls: 1,
    pins: [{ name: 'gone', missed: 1, failing: true }],
  });
  await figures(app);
  await app.store.board.deviceAlive(REPORT);
  assert.deepEqual(await figures(app), [
    'pinstream_sidecar_up 1',
    'pinstream_sidecar_info{driver="onoff"} 1',
    'pinstream_sidecar_start_time_seconds 1795204800.5',
    'pinstream_sidecar_stalls_total 2',
    'pinstream_sidecar_stall_longest_seconds 0.312',
    'pinstream_sidecar_outbox_waiting 3',
    'pinstream_sidecar_dropped_total 1',
    'pinstream_sidecar_pin_missed_total{pin="button"} 4',
    'pinstream_sidecar_pin_missed_total{pin="led"} 0',
    'pinstream_sidecar_pin_failing{pin="button"} 0',
    'pinstream_sidecar_pin_failing{pin="led"} 1',
  ]);
});

test('what only goes up is a counter for Prometheus', async (t) => {
  const app = await appFor(t);
  const { text } = await request(`${app.url}/metrics`);
  const counters = [...text.matchAll(/^# TYPE pinstream_sidecar_(\w+) counter$/gm)].map(([, name]) => name);
  assert.deepEqual(counters, ['stalls_total', 'dropped_total', 'pin_missed_total']);
});

test('while no sidecar lives there are no figures of one', async (t) => {
  const app = await appFor(t);
  assert.deepEqual(await figures(app), ['pinstream_sidecar_up 0']);
  const now = t.mock.method(performance, 'now', () => 1_000);
  await app.store.board.deviceAlive(REPORT);
  now.mock.mockImplementation(() => 12_000);
  assert.deepEqual(await figures(app), ['pinstream_sidecar_up 0']);
});

test('of a sidecar of an older version it is only known that it lives', async (t) => {
  const redis = await TestRedis.start();
  t.after(() => redis.stop());
  const app = await appFor(t, { REDIS_URL: redis.url });
  await ready(app.url);
  await redis.command('SET', 'pinstream:device', '1');
  assert.deepEqual(await figures(app), ['pinstream_sidecar_up 1']);
});

test('while the store is away nobody knows of the sidecar, and it keeps nobody from the other figures', async (t) => {
  const redis = await TestRedis.start();
  t.after(() => redis.stop());
  const app = await appFor(t, { REDIS_URL: redis.url });
  await ready(app.url);
  await app.store.board.deviceAlive(REPORT);
  assert.equal((await figures(app)).length, 11);
  redis.pause();
  const { status, text } = await request(`${app.url}/metrics`);
  assert.equal(status, 200);
  assert.match(text, /^pinstream_streams 0$/m);
  assert.doesNotMatch(text, /^pinstream_sidecar_/m);
});

test('the sidecar in the same process is seen too', async (t) => {
  const app = await appFor(t, { PINS: 'button=17' }, { mock: true });
  await eventually('it has spoken', async () => (await figures(app)).includes('pinstream_sidecar_up 1'));
  const said = await figures(app);
  assert.ok(said.includes('pinstream_sidecar_info{driver="mock"} 1'), said.join('\n'));
  assert.ok(said.includes('pinstream_sidecar_pin_failing{pin="button"} 0'), said.join('\n'));
});
