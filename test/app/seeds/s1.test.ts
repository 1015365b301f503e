import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSettings } from '../../../src/lib/settings.ts';
import { sidecarConfig } from '../../../src/sidecar/config.ts';
import { startApp } from '../../support/app.ts';
import { loggedLines } from '../../support/logged.ts';
import { eventually, ready } from '../../support/ready.ts';
import { TestRedis } from '../../support/redis.ts';
import { request } from '../../support/request.ts';
import { Stream } from '../../support/stream.ts';
import { appFor, type Client } from './setup.ts';

/** rpi-mybutton-sse: a button on a Raspberry Pi, and a page that lists its presses. */

// No other zone's time can be taken for this one's.
process.env.TZ = 'Asia/Kolkata';

const PRESS_BLOCK = /^id: \S+\ndata: Button press #(\d+) @ (\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6})\n\n/;

test('S1.3 /stream answers 200 with an event stream', async (t) => {
  const app = await appFor(t);
  const { status, headers } = await app.stream('/stream');
  assert.equal(status, 200);
  assert.equal(headers['content-type'], 'text/event-stream; charset=utf-8');
});

test('S1.4 a press is `data: Button press #1 @ ` and the local time to the microsecond', async (t) => {
  const app = await appFor(t, {}, { mock: true });
  const stream = await app.stream('/stream');
  const before = Date.now();
  await app.press();
  await stream.until((text) => text.includes('Button') && text.endsWith('\n\n'));
  const [block, number, time] = PRESS_BLOCK.exec(stream.events) ?? [];
  assert.equal(block, stream.events);
  assert.equal(number, '1');
  const at = Date.parse(`${time?.replace(' ', 'T')}+05:30`);
  assert.ok(at >= before - 1 && at <= Date.now(), `${time} in Kolkata`);
});

test('S1.5 without settings the pin is BCM 17, active low, with the pull that the board has', () => {
  const { config, problems } = sidecarConfig(readSettings({}).settings);
  assert.deepEqual(problems, []);
  const times = { debounce: 25, long: 800, double: 300 };
  const pin = { name: 'button', gpio: 17, direction: 'in', activeLow: true, pull: 'as-is', ...times };
  assert.deepEqual(config.pins, [pin]);
});

test('S1.6 a button that is held is one press, and a long one', async (t) => {
  const app = await appFor(t, { PINS: 'button=17:long=150ms' }, { mock: true });
  const client = await app.client(
    '/stream?channels=sse,button',
    'message',
    ...['press', 'long-press', 'release', 'click'],
  );
  await app.press(450);
  await client.until(4);
  assert.deepEqual(client.heard.map(({ name }) => name).sort(), [
    'long-press',
    'message',
    'press',
    'release',
  ]);
  assert.equal(client.heard.at(-1)?.name, 'release');
});

test('S1.7 the number is the same for everybody, whenever they came', async (t) => {
  const app = await appFor(t, { PINS: 'button=17:double=0' }, { mock: true });
  const early = await app.stream('/stream');
  await app.press();
  await early.until('Button press #1 @ ');
  const late = await app.stream('/stream');
  await app.press();
  await late.until('Button press #2 @ ');
  await early.until('Button press #2 @ ');
  assert.ok(!late.text.includes('#1'));
});

test('S1.7 the number goes on after a restart', async (t) => {
  const redis = await TestRedis.start();
  t.after(() => redis.stop());
  const settings = { REDIS_URL: redis.url, MOCK_AUTO: '50ms', PINS: 'button=17:debounce=0' };
  const numbers = async (atLeast: number): Promise<number[]> => {
    const app = await startApp(settings, { mock: true });
    await ready(app.url);
    const stream = await Stream.open(`${app.url}/stream?last=1000`);
    await stream.until(`Button press #${atLeast} @ `);
    await app.stop();
    return [...stream.text.matchAll(/^data: Button press #(\d+) @/gm)].map(([, number]) => Number(number));
  };
  const first = await numbers(1);
  const all = await numbers(first.length + 1);
  assert.deepEqual(
    all,
    all.map((_, i) => i + 1),
  );
});

test('S1.8 200 browsers each get one press exactly once, with the same number', async (t) => {
  const app = await appFor(t, { PINS: 'button=17:double=0' }, { mock: true });
  const browsers = await Promise.all(
    Array.from({ length: 200 }, () => app.client('/stream?channels=button,end', 'press', 'message')),
  );
  await app.press();
  const witness = await app.stream('/stream?channel=button&last=10');
  await witness.until('event: click');
  await app.publish('end', 'the end');
  await Promise.all(browsers.map((browser) => browser.until(2)));

  const [first] = browsers as [Client];
  const [press, end] = first.heard;
  assert.equal(press?.name, 'press');
  assert.equal(JSON.parse(press?.data ?? '').press, 1);
  assert.equal(end?.data, 'the end');
  for (const { heard } of browsers) assert.deepEqual(heard, first.heard);
});

test('S1.9 browsers that leave, however rudely, cost nothing and are no error', async (t) => {
  const { log, lines } = loggedLines();
  const app = await appFor(t, {}, { mock: true, log });
  const open = async () =>
    (await request(`${app.url}/metrics`)).text.match(/^pinstream_streams (\d+)$/m)?.[1];
  const streams = await Promise.all(Array.from({ length: 20 }, () => app.stream('/stream')));
  assert.equal(await open(), '20');
  await app.press();
  for (const stream of streams) stream.close();
  await app.press();
  await eventually('no stream is open', async () => (await open()) === '0');
  const stays = await app.stream('/stream?last=10');
  await stays.until('Button press #2 @ ');
  assert.deepEqual(
    lines.filter((line) => !line.startsWith('info') && !line.startsWith('debug')),
    [],
  );
});
