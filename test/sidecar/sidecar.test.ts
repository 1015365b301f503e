import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BusError } from '../../src/bus/bus.ts';
import { silentLog } from '../../src/lib/log.ts';
import { readSettings, type SettingTexts } from '../../src/lib/settings.ts';
import { sidecarConfig } from '../../src/sidecar/config.ts';
import type { Driver } from '../../src/sidecar/drivers/driver.ts';
import { LineProblem } from '../../src/sidecar/drivers/driver.ts';
import { MockDriver } from '../../src/sidecar/drivers/mock.ts';
import { createSidecar, Sidecar } from '../../src/sidecar/sidecar.ts';
import { FakeClock, settled } from '../support/clock.ts';
import { FakeDriver } from '../support/fakeDriver.ts';
import { heldStore } from '../support/heldBus.ts';
import { loggedLines } from '../support/logged.ts';

function configOf(texts: SettingTexts) {
  const { config, problems } = sidecarConfig(readSettings(texts).settings);
  assert.deepEqual(problems, []);
  return config;
}

function sidecarOf(
  texts: SettingTexts = {},
  driverOf: (clock: FakeClock) => Driver = (clock) => new MockDriver(clock),
) {
  const clock = new FakeClock();
  const store = heldStore();
  const { log, lines } = loggedLines();
  const config = configOf({ PINS: 'button=17, led=18:out', ...texts });
  const sidecar = new Sidecar({ config, ...store, driver: driverOf(clock), clock, log });
  return { sidecar, clock, lines, ...store };
}

test('a press by command goes the whole way: gestures, announcement, device, count', async () => {
  const { sidecar, clock, bus, board } = sidecarOf();
  await sidecar.start();
  assert.deepEqual(await board.command({ pin: 'button', press: 120 }), {
    reply: { ok: true, pin: { name: 'button', gpio: 17, direction: 'in', level: 0 } },
  });
  await clock.pass(1000);
  assert.deepEqual(
    bus.on('button').map(({ name, data }) => [name, JSON.parse(data).press, JSON.parse(data).held]),
    [
      ['press', 1, undefined],
      ['release', 1, 120],
      ['click', 1, 120],
    ],
  );
  assert.match(bus.on('sse')[0]?.data ?? '', /^Button press #1 @ /);
  assert.equal(bus.on('sse').length, 1);
  assert.deepEqual(
    bus.on('device').map(({ data }) => JSON.parse(data).pins[0].level),
    [0, 1, 0],
  );
  assert.deepEqual(await board.presses(), new Map([['button', 1]]));
  await sidecar.stop();
});

test('an output is set by command, and the device says so', async () => {
  const { sidecar, bus, board } = sidecarOf();
  await sidecar.start();
  await board.command({ pin: 'led', value: 1 });
  await settled();
  assert.deepEqual(
    bus.on('device').map(({ data }) => JSON.parse(data).pins[1].level),
    [0, 1],
  );
  await sidecar.stop();
});

test('a start without a store works: what happens meanwhile goes out when it is there', async () => {
  const { sidecar, clock, bus, board } = sidecarOf();
  bus.hold();
  await sidecar.start();
  for (let i = 0; i < 5; i++) await board.command({ pin: 'button', press: 50 });
  await clock.pass(3000);
  assert.equal(bus.kept.length, 0);
  bus.release();
  await settled();
  await settled();
  const presses = bus.on('button').filter(({ name }) => name === 'press');
  assert.deepEqual(
    presses.map(({ at }) => at - clock.wallAtZero),
    [0, 150, 300, 450, 600],
  );
  await sidecar.stop();
});

test('after a restart the count goes on', async () => {
  const first = sidecarOf();
  await first.sidecar.start();
  await first.board.command({ pin: 'button', press: 50 });
  await first.clock.pass(1000);
  await first.sidecar.stop();
  const { bus, board } = first;
  const clock = new FakeClock();
  const second = new Sidecar({
    config: configOf({}),
    bus,
    board,
    driver: new MockDriver(clock),
    clock,
    log: silentLog,
  });
  await second.start();
  await board.command({ pin: 'button', press: 50 });
  await clock.pass(1000);
  await second.stop();
  const presses = bus.on('button').filter(({ name }) => name === 'press');
  assert.deepEqual(
    presses.map(({ data }) => JSON.parse(data).press),
    [1, 2],
  );
});

test('a pin that fails is reported, and the others work', async () => {
  const driver = new FakeDriver();
  const open = driver.open.bind(driver);
  driver.open = async (request, listener) => {
    if (request.name === 'led') throw new LineProblem('GPIO 18 is in use: end the other program.');
    return open(request, listener);
  };
  const { sidecar, clock, bus, lines } = sidecarOf({}, () => driver);
  await sidecar.start();
  driver.line.move(0, clock.now());
  await clock.pass(100);
  assert.equal(bus.on('button').length, 1);
  const state = JSON.parse(bus.on('device').at(-1)?.data ?? '');
  assert.equal(state.state, 'degraded');
  assert.equal(state.pins[1].problem, 'GPIO 18 is in use: end the other program.');
  assert.deepEqual(lines, [
    'error: GPIO 18 is in use: end the other program.',
    'info: The sidecar watches button=17 (in), led=18 (out).',
  ]);
  await sidecar.stop();
});

test('dropped events are in the state of the device', async () => {
  const { sidecar, clock, bus, board } = sidecarOf();
  await sidecar.start();
  bus.refusal = new BusError('full', 'The store is full.');
  bus.refusedChannel = 'button';
  await board.command({ pin: 'button', press: 50 });
  await clock.pass(1000);
  assert.equal(JSON.parse(bus.on('device').at(-1)?.data ?? '').dropped, 3);
  await sidecar.stop();
});

test('the outbox holds as many events as the setting says', async () => {
  const { sidecar, clock, bus, board } = sidecarOf({ OUTBOX: '2' });
  await sidecar.start();
  await settled();
  bus.hold();
  for (let i = 0; i < 3; i++) await board.command({ pin: 'button', press: 50 });
  await clock.pass(3000);
  bus.release();
  await settled();
  await settled();
  assert.equal(bus.on('button').length + bus.on('sse').length, 2);
  await sidecar.stop();
});

test('the end: outputs safe, lines closed, offline said, nothing left', async () => {
  const driver = new FakeDriver();
  const { sidecar, clock, bus, board } = sidecarOf(
    { PINS: 'button=17, led=18:out:initial=1:safe=0' },
    () => driver,
  );
  await sidecar.start();
  await sidecar.stop();
  assert.ok(driver.opened.every((line) => line.closed));
  assert.deepEqual(driver.line.written, [0]);
  assert.equal(driver.closed, true);
  assert.equal(JSON.parse(bus.on('device').at(-1)?.data ?? '').state, 'offline');
  assert.equal(clock.timers, 0);
  const late = await board.command({ pin: 'led', value: 1 });
  assert.ok(typeof late === 'object' && !late.reply.ok && late.reply.refused === 'failing');
});

test('the end waits for what is not stored yet, but not for ever', async () => {
  const { sidecar, clock, bus, board, lines } = sidecarOf();
  await sidecar.start();
  await settled();
  bus.hold();
  await board.command({ pin: 'button', press: 50 });
  await clock.pass(40);
  let stopped = false;
  const end = sidecar.stop().then(() => {
    stopped = true;
  });
  await clock.pass(1999);
  assert.equal(stopped, false);
  await clock.pass(1);
  await end;
  assert.deepEqual(lines.slice(1), [
    'error: Events were lost: the store could not be reached before the end.',
    'warn: The store was not told that the device is offline; it will notice.',
  ]);
});

test('the end comes as soon as everything is stored', async () => {
  const { sidecar, clock, bus, board, lines } = sidecarOf();
  await sidecar.start();
  await settled();
  bus.hold();
  await board.command({ pin: 'button', press: 50 });
  await clock.pass(40);
  const end = sidecar.stop();
  await clock.pass(500);
  bus.release();
  await end;
  assert.equal(bus.on('button').length, 1);
  assert.equal(JSON.parse(bus.on('device').at(-1)?.data ?? '').state, 'offline');
  assert.ok(!lines.some((line) => line.startsWith('error')));
});

test('the driver is the one that was asked for by name, and never another', async () => {
  const { bus, board } = heldStore();
  const mock = createSidecar(configOf({ GPIO_DRIVER: 'mock' }), bus, board, silentLog);
  await mock.start();
  await mock.stop();
  assert.equal(JSON.parse(bus.on('device')[0]?.data ?? '').driver, 'mock');
});
