import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { Redis } from 'ioredis';
import type { DeviceState, PinState } from '../../src/contract/device.ts';
import { silentLog } from '../../src/lib/log.ts';
import { readSettings } from '../../src/lib/settings.ts';
import { SystemClock } from '../../src/sidecar/clock.ts';
import { sidecarConfig } from '../../src/sidecar/config.ts';
import { LineProblem } from '../../src/sidecar/drivers/driver.ts';
import { Sidecar } from '../../src/sidecar/sidecar.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { FakeDriver } from '../support/fakeDriver.ts';
import { eventually, ready } from '../support/ready.ts';
import { TestRedis, useRedis } from '../support/redis.ts';
import { type Answer, post, request } from '../support/request.ts';
import { Stream } from '../support/stream.ts';

const LED: PinState = { name: 'led', gpio: 18, direction: 'out', level: 0 };
const TWO_PINS = { PINS: 'button=17, led=18:out' };

/** Status and body of what was answered. */
function said({ status, json }: Answer): [number, unknown] {
  return [status, json];
}

/** A sidecar on the store of an app, with lines that a test moves by hand. */
async function sidecarOf({ store }: TestApp, driver = new FakeDriver()) {
  const { config, problems } = sidecarConfig(readSettings(TWO_PINS).settings);
  assert.deepEqual(problems, []);
  const parts = { ...store, config, driver, clock: new SystemClock(), log: silentLog };
  const sidecar = new Sidecar(parts);
  await sidecar.start();
  return { sidecar, driver };
}

describe('POST /pins/:name', () => {
  const redis = useRedis();
  const stops: (() => Promise<void>)[] = [];
  beforeEach(() => redis().command('FLUSHALL'));
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
  });

  async function opened(): Promise<TestApp> {
    const app = await startApp({ REDIS_URL: redis().url });
    stops.push(() => app.stop());
    await ready(app.url);
    return app;
  }

  /** An app, and a sidecar in a process of its own as far as Redis knows. */
  async function together(driver = new FakeDriver()) {
    const [app, home] = [await opened(), await opened()];
    // A board either answers commands or asks: the second app's is the sidecar's.
    const { sidecar } = await sidecarOf(home, driver);
    stops.push(() => sidecar.stop());
    const url = `${app.url}/pins/led`;
    await untilAnswered(url);
    return { app, url, driver };
  }

  /** Until the sidecar has subscribed, nobody hears. */
  async function untilAnswered(url: string): Promise<void> {
    while (((await post(url, { press: 1 })).json as { error?: string }).error?.startsWith('No sidecar')) {}
  }

  test('sets an output; the answer, the device and every page say the same', async () => {
    const { app, url, driver } = await together();
    const stream = await Stream.open(`${app.url}/stream?channel=device&last=1`);
    assert.deepEqual(said(await post(url, { value: 1 })), [200, { ...LED, level: 1 }]);
    assert.deepEqual(driver.line.written, [1]);
    await stream.until('{"name":"led","gpio":18,"direction":"out","level":1}');
    const { pins } = (await request(`${app.url}/pins`)).json as DeviceState;
    assert.deepEqual(pins[1], { ...LED, level: 1 });
    stream.close();
  });

  test('a button of the mock is held, however often that is said, and let go of', async () => {
    const held: number[] = [];
    const hold = (_gpio: number, ms: number) => void held.push(ms);
    const { url } = await together(Object.assign(new FakeDriver(), { hold }));
    const button = url.replace('led', 'button');
    for (const ms of [1500, 1500, 0]) {
      const { status, json } = await post(button, { hold: ms });
      assert.equal(status, 200);
      assert.equal((json as PinState).name, 'button');
    }
    assert.deepEqual(held, [1500, 1500, 0]);
  });

  test('a pulse ends by itself', async () => {
    const { app, url } = await together();
    const stream = await Stream.open(`${app.url}/stream?channel=device`);
    await stream.until('"open"');
    assert.deepEqual(said(await post(url, { pulse: 50 })), [200, { ...LED, level: 1 }]);
    await stream.until('"direction":"out","level":0}');
    const levels = [...stream.events.matchAll(/"direction":"out","level":(\d)\}/g)].map(([, level]) => level);
    assert.deepEqual(levels, ['1', '0']);
    stream.close();
  });

  test('a blink is said once, and its end once', async () => {
    const { app, url, driver } = await together();
    const stream = await Stream.open(`${app.url}/stream?channel=device`);
    await stream.until('"open"');
    assert.deepEqual(said(await post(url, { blink: 20, times: 5 })), [200, { ...LED, level: 1, blink: 20 }]);
    await stream.until('"direction":"out","level":0}');
    assert.deepEqual(driver.line.written, [1, 0, 1, 0, 1, 0, 1, 0, 1, 0]);
    const leds = [...stream.events.matchAll(/"direction":"out",("level":.*?)\}/g)].map(([, led]) => led);
    assert.deepEqual(leds, ['"level":1,"blink":20', '"level":0']);
    stream.close();
  });

  test('when two set it at once the last one wins, and each hears what came of its own command', async () => {
    const { url, driver } = await together();
    const { reached, release } = driver.line.holdWrites();
    const first = post(url, { value: 1 });
    await reached;
    const second = post(url, { value: 0 });
    release();
    const answers = (await Promise.all([first, second])).map(said);
    assert.deepEqual(answers, [
      [200, { ...LED, level: 1 }],
      [200, { ...LED, level: 0 }],
    ]);
    assert.deepEqual(driver.line.written, [1, 0]);
  });

  test('503 when nobody watches the pins', async () => {
    const app = await opened();
    assert.deepEqual(said(await post(`${app.url}/pins/led`, { value: 1 })), [
      503,
      { error: 'No sidecar is running: nobody watches the pins. Start it, and try again.' },
    ]);
  });

  test('503 when the pin fails, with its sentence, and 200 when it is back', async () => {
    const driver = new FakeDriver();
    driver.problem = new LineProblem('GPIO 18 is in use: end the other program.');
    const { url } = await together(driver);
    const failing = [503, { error: 'GPIO 18 is in use: end the other program.' }];
    assert.deepEqual(said(await post(url, { value: 1 })), failing);
    driver.problem = undefined;
    let answer = await post(url, { blink: 500 });
    while (answer.status === 503) answer = await post(url, { blink: 500 });
    assert.deepEqual(said(answer), [200, { ...LED, level: 1, blink: 500 }]);
  });

  test('503 when the line does not take the level', async () => {
    const { url, driver } = await together();
    driver.line.stuck = 0;
    assert.deepEqual(said(await post(url, { pulse: 500 })), [
      503,
      {
        error: 'led (GPIO 18) was set to 1 and reads 0: something else drives the line, so check the wiring.',
      },
    ]);
  });

  test('504 when the sidecar does not answer', async () => {
    const app = await opened();
    const { names } = app.store.kind === 'redis' ? app.store.link : assert.fail('It shares a Redis.');
    const silent = new Redis(redis().url);
    stops.push(async () => silent.disconnect());
    await silent.subscribe(names.command);
    assert.deepEqual(said(await post(`${app.url}/pins/led`, { value: 1 })), [
      504,
      {
        error: 'The sidecar has not answered in 2 s: nobody knows whether it was done. Look at GET /pins.',
      },
    ]);
  });

  describe('while Redis', () => {
    const UNKNOWN = [
      504,
      { error: 'The sidecar has not answered in 2 s: nobody knows whether it was done. Look at GET /pins.' },
    ];

    test('stands still: 504 after 2 s, since the pin may be switched all the same', async () => {
      const { url, driver } = await together();
      redis().pause();
      stops.push(async () => redis().resume());
      const began = performance.now();
      assert.deepEqual(said(await post(url, { value: 1 })), UNKNOWN);
      const took = performance.now() - began;
      assert.ok(took < 4_000, `it took ${took} ms`);
      redis().resume();
      await eventually('the pin is switched', async () => driver.line.written.includes(1));
    });

    test('ends with the command under way: 504; when it was gone before: 503', async (t) => {
      const another = await TestRedis.start();
      t.after(() => another.stop());
      const app = await startApp({ REDIS_URL: another.url });
      stops.push(() => app.stop());
      await ready(app.url);
      another.pause();
      const underWay = post(`${app.url}/pins/led`, { value: 1 });
      await eventually('the command is under way', async () =>
        (await request(`${app.url}/metrics`)).text.includes('pinstream_requests 2\n'),
      );
      await another.kill();
      assert.deepEqual(said(await underWay), UNKNOWN);
      const { status, json } = await post(`${app.url}/pins/led`, { value: 1 });
      assert.equal(status, 503);
      assert.match((json as { error: string }).error, /^Redis at 127\.0\.0\.1:\d+ cannot be reached: /);
    });
  });

  test('404 for a pin that does not exist, 409 for what a pin cannot do', async () => {
    const { app } = await together();
    const at = async (pin: string, command: object) => said(await post(`${app.url}/pins/${pin}`, command));
    assert.deepEqual(await at('lamp', { pulse: 500 }), [
      404,
      { error: 'There is no pin "lamp": the pins are button, led.' },
    ]);
    for (const command of [{ value: 1 }, { pulse: 500 }, { blink: 500, times: 3 }]) {
      assert.deepEqual(await at('button', command), [
        409,
        { error: 'button is an input: PINS has outputs as button=17:out.' },
      ]);
    }
    for (const command of [{ press: 100 }, { hold: 1500 }, { hold: 0 }]) {
      assert.deepEqual(await at('led', command), [
        409,
        { error: 'led is an output: set it, with {"value": 1}.' },
      ]);
      const { error } = (await at('button', command))[1] as { error: string };
      assert.match(error, /^button is a real button, /);
    }
  });

  test('409 from the sidecar for a wrong command that came past the app', async () => {
    const { app } = await together();
    const outcome = await app.store.board.command({ pin: 'led', blink: 1 });
    assert.deepEqual(outcome, {
      reply: {
        ok: false,
        refused: 'not-possible',
        error: '"blink" must be a whole number of milliseconds from 20 to 60000.',
      },
    });
  });
});

describe('a button of the mock', () => {
  test('is held until it is let go of, and says so as a real one would', async (t) => {
    const app = await startApp({ PINS: 'button=17:long=200ms' }, { mock: true });
    t.after(() => app.stop());
    const stream = await Stream.open(`${app.url}/stream?channels=button,device&last=1`);
    t.after(() => stream.close());
    await stream.until('"state":"online"');
    const url = `${app.url}/pins/button`;
    assert.equal((await post(url, { hold: 60_000 })).status, 200);
    await stream.until('event: press\n');
    assert.equal((await post(url, { hold: 60_000 })).status, 200);
    await stream.until('event: long-press\n');
    const { status, json } = await post(url, { hold: 0 });
    assert.equal(status, 200);
    assert.equal((json as PinState).name, 'button');
    await stream.until('event: release\n');
    const names = [...stream.events.matchAll(/^event: (?!state|pinstream)(.*)$/gm)].map(([, name]) => name);
    assert.deepEqual(names, ['press', 'long-press', 'release']);
    const [, held] = /^event: release\ndata: .*"held":(\d+)/m.exec(stream.events) ?? assert.fail();
    assert.ok(Number(held) >= 200, held);
  });

  test('lets go by itself when nobody holds it any more', async (t) => {
    const app = await startApp({}, { mock: true });
    t.after(() => app.stop());
    const stream = await Stream.open(`${app.url}/stream?channel=button`);
    t.after(() => stream.close());
    await stream.until('"open"');
    assert.equal((await post(`${app.url}/pins/button`, { hold: 60 })).status, 200);
    await stream.until('event: release\n');
  });
});

describe('400, before anybody is asked', () => {
  let app: TestApp;
  before(async () => {
    app = await startApp();
  });
  after(() => app.stop());

  const ms = (name: string, least: number, most: number) =>
    `"${name}" must be a whole number of milliseconds from ${least} to ${most}.`;
  const two = (one: string, other: string) => `"${one}" and "${other}" are two commands: send one of them.`;
  const wrong: [command: object, error: string, field?: string][] = [
    [
      {},
      'Send {"value": 1}, {"pulse": 500} or {"blink": 500} to an output, or {"press": 120} or {"hold": 1500} to a button of the mock.',
    ],
    [{ press: 1, value: 1 }, two('press', 'value'), 'value'],
    [{ blink: 500, pulse: 500 }, two('pulse', 'blink'), 'blink'],
    [{ press: 0 }, ms('press', 1, 60_000), 'press'],
    [{ press: 60_001 }, ms('press', 1, 60_000), 'press'],
    [{ press: 1.5 }, ms('press', 1, 60_000), 'press'],
    [{ hold: 19 }, `${ms('hold', 20, 60_000).slice(0, -1)}, or 0 to let go.`, 'hold'],
    [{ hold: 60_001 }, `${ms('hold', 20, 60_000).slice(0, -1)}, or 0 to let go.`, 'hold'],
    [{ hold: 0, press: 120 }, two('press', 'hold'), 'hold'],
    [{ hold: 500, times: 2 }, '"times" goes with "blink" only.', 'times'],
    [{ value: true }, '"value" must be 0 or 1.', 'value'],
    [{ value: null }, '"value" must be 0 or 1.', 'value'],
    [{ pulse: 0 }, ms('pulse', 1, 3_600_000), 'pulse'],
    [{ pulse: 3_600_001 }, ms('pulse', 1, 3_600_000), 'pulse'],
    [{ blink: 19 }, ms('blink', 20, 60_000), 'blink'],
    [{ blink: 60_001 }, ms('blink', 20, 60_000), 'blink'],
    [{ blink: 500, times: 0 }, '"times" must be a whole number from 1 to 1000.', 'times'],
    [{ blink: 500, times: 1_001 }, '"times" must be a whole number from 1 to 1000.', 'times'],
    [{ pulse: 500, times: 2 }, '"times" goes with "blink" only.', 'times'],
  ];
  for (const [command, error, field] of wrong) {
    test(JSON.stringify(command), async () => {
      const expected = field === undefined ? { error } : { error, field };
      assert.deepEqual(said(await post(`${app.url}/pins/led`, command)), [400, expected]);
    });
  }
});
