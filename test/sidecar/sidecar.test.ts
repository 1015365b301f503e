import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BusError } from '../../src/bus/bus.ts';
import { silentLog } from '../../src/lib/log.ts';
import { readSettings, type SettingTexts } from '../../src/lib/settings.ts';
import { sidecarConfig } from '../../src/sidecar/config.ts';
import type { Driver } from '../../src/sidecar/drivers/driver.ts';
import { LineProblem } from '../../src/sidecar/drivers/driver.ts';
import { MockDriver } from '../../src/sidecar/drivers/mock.ts';
import type { Delays } from '../../src/sidecar/loopDelays.ts';
import { CLOSING_MS, createSidecar, DRIVER_MS, OPENING_MS, Sidecar } from '../../src/sidecar/sidecar.ts';
import { FakeClock, settled } from '../support/clock.ts';
import { FakeDriver } from '../support/fakeDriver.ts';
import { heldStore } from '../support/heldBus.ts';
import { loggedLines } from '../support/logged.ts';

function configOf(texts: SettingTexts) {
  const { config, problems } = sidecarConfig(readSettings(texts).settings);
  assert.deepEqual(problems, []);
  return config;
}

/** An event loop that stands still as a test says. */
function fakeDelays(found: number[]): Delays {
  return { start() {}, stop() {}, take: (least) => found.splice(0).filter((delay) => delay > least) };
}

function sidecarOf(
  texts: SettingTexts = {},
  driverOf: (clock: FakeClock) => Driver = (clock) => new MockDriver(clock),
) {
  const clock = new FakeClock();
  const store = heldStore();
  const { log, lines } = loggedLines();
  const config = configOf({ PINS: 'button=17, led=18:out', ...texts });
  const stalled: number[] = [];
  const delays = fakeDelays(stalled);
  const sidecar = new Sidecar({ config, ...store, driver: driverOf(clock), clock, log, delays });
  return { sidecar, clock, lines, stalled, ...store };
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
    delays: fakeDelays([]),
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
    'info: The sidecar watches button=17 (in). It goes on trying to open led=18 (out).',
  ]);
  await sidecar.stop();
});

for (const [works, line] of [
  [true, 'The sidecar watches button=17 (in), led=18 (out).'],
  [false, 'The sidecar watches no pin yet. It goes on trying to open button=17 (in), led=18 (out).'],
] as const) {
  test(`it says what it watches when ${works ? 'all pins work' : 'none does'}`, async () => {
    const driver = new FakeDriver();
    if (!works) driver.problem = new LineProblem('In use.');
    const { sidecar, lines } = sidecarOf({}, () => driver);
    await sidecar.start();
    assert.equal(lines.at(-1), `info: ${line}`);
    await sidecar.stop();
  });
}

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

test('the board is told how the sidecar is: stalls, what waits and was dropped, and each pin', async () => {
  const driver = new FakeDriver();
  const { sidecar, clock, bus, board, stalled } = sidecarOf({}, () => driver);
  await sidecar.start();
  const [button, led] = driver.opened;
  stalled.push(20, 312, 60);
  button?.listener.missed(3);
  led?.fail('The line is gone.');
  driver.problem = new LineProblem('The line is gone.');
  bus.hold();
  button?.move(0, clock.now());
  await clock.pass(3_000);
  assert.deepEqual(await board.sidecar(), {
    lives: true,
    report: {
      driver: 'fake',
      since: clock.wallAtZero,
      stalls: 2,
      longestStall: 312,
      // The press, its announcement, and the long press.
      waiting: 3,
      dropped: 0,
      pins: [
        { name: 'button', missed: 3, failing: false },
        { name: 'led', missed: 0, failing: true },
      ],
    },
  });
  bus.release();
  await sidecar.stop();
});

test('what stalls before the device says online is not counted: nobody was promised anything yet', async () => {
  const { sidecar, clock, board, lines } = sidecarOf();
  const order: string[] = [];
  const delays: Delays = { start: () => order.push('measured'), stop() {}, take: () => [] };
  const driver = new FakeDriver();
  const open = driver.open.bind(driver);
  driver.open = (request, listener) => {
    order.push(`${request.name} opened`);
    return open(request, listener);
  };
  const { bus } = heldStore();
  const config = configOf({ PINS: 'button=17' });
  const other = new Sidecar({ config, bus, board, driver, clock, log: silentLog, delays });
  await other.start();
  assert.deepEqual(order, ['button opened', 'measured']);
  await other.stop();
  assert.deepEqual(lines, []);
  await sidecar.stop();
});

test('a pin whose driver hangs keeps the others from nothing, neither at the start nor at the end', async () => {
  const driver = new FakeDriver();
  const open = driver.open.bind(driver);
  driver.open = async (request, listener) =>
    request.name === 'led' ? new Promise(() => {}) : open(request, listener);
  driver.close = () => new Promise(() => {});
  const { sidecar, clock, bus, lines } = sidecarOf({}, () => driver);
  const start = sidecar.start();
  await clock.pass(OPENING_MS);
  await start;
  driver.line.move(0, clock.now());
  await clock.pass(100);
  assert.deepEqual(
    bus.on('button').map(({ name }) => name),
    ['press'],
  );
  assert.equal(JSON.parse(bus.on('device')[0]?.data ?? '').state, 'degraded');
  const end = sidecar.stop();
  await clock.pass(CLOSING_MS + DRIVER_MS);
  await end;
  assert.equal(driver.line.closed, true);
  assert.equal(JSON.parse(bus.on('device').at(-1)?.data ?? '').state, 'offline');
  assert.deepEqual(lines.slice(1), [
    'error: Not every pin was closed within 2 s: an output may not have its safe level.',
    'error: The driver fake did not end within 1 s: it is left as it is.',
  ]);
});

test('an end during the start: what is open is safe at once, and nobody is told online', async () => {
  const driver = new FakeDriver();
  const open = driver.open.bind(driver);
  driver.open = async (request, listener) =>
    request.name === 'button' ? new Promise(() => {}) : open(request, listener);
  const { sidecar, clock, bus, board, lines } = sidecarOf(
    { PINS: 'button=17, led=18:out:initial=1' },
    () => driver,
  );
  const start = sidecar.start();
  await settled();
  const end = sidecar.stop();
  await settled();
  assert.deepEqual(driver.line.written, [0]);
  assert.equal(await start, false);
  await clock.pass(CLOSING_MS);
  await end;
  assert.deepEqual([driver.line.closed, driver.closed, clock.timers], [true, true, 0]);
  assert.deepEqual(bus.on('device'), []);
  assert.equal(await board.command({ pin: 'led', value: 1 }), 'nobody');
  assert.deepEqual(lines, [
    'error: Not every pin was closed within 2 s: an output may not have its safe level.',
  ]);
});

test('an end before the start: nothing is opened any more', async () => {
  const driver = new FakeDriver();
  const { sidecar, clock, lines } = sidecarOf({ PINS: 'button=17' }, () => driver);
  await sidecar.stop();
  assert.equal(await sidecar.start(), false);
  assert.deepEqual([driver.opened, driver.closed, clock.timers, lines], [[], true, 0, []]);
});

test('told to end twice it ends once, and both hear when it has', async () => {
  const driver = new FakeDriver();
  let closings = 0;
  driver.close = async () => void closings++;
  const { sidecar, bus } = sidecarOf({ PINS: 'led=18:out:initial=1' }, () => driver);
  assert.equal(await sidecar.start(), true);
  await Promise.all([sidecar.stop(), sidecar.stop()]);
  await sidecar.stop();
  assert.deepEqual([driver.line.written, closings], [[0], 1]);
  assert.deepEqual(
    bus.on('device').map(({ data }) => JSON.parse(data).state),
    ['online', 'offline'],
  );
});

test('what goes wrong while a pin is handled fails that pin, which is opened again, and no other', async () => {
  const driver = new FakeDriver();
  const { sidecar, clock, bus, lines } = sidecarOf({ PINS: 'button=17, door=27' }, () => driver);
  await sidecar.start();
  const [button, door] = driver.opened;
  const now = clock.now.bind(clock);
  clock.now = () => {
    clock.now = now;
    throw new Error('Something is off.');
  };
  button?.move(0, 0);
  await settled();
  const problem =
    'button (GPIO 17) failed. Unexpected: Something is off. It is opened again; if this goes on, please report it.';
  assert.deepEqual(lines.slice(1), [`error: ${problem}`]);
  assert.equal(button?.closed, true);
  assert.equal(JSON.parse(bus.on('device').at(-1)?.data ?? '').pins[0].problem, problem);
  door?.move(0, clock.now());
  await clock.pass(2_000);
  assert.equal(bus.on('door')[0]?.name, 'press');
  assert.equal(driver.opened.length, 3);
  assert.equal(JSON.parse(bus.on('device').at(-1)?.data ?? '').state, 'online');
  await sidecar.stop();
});

test('a line or a driver that does not close cleanly is told of, and the end goes on', async () => {
  const driver = new FakeDriver();
  const { sidecar, bus, lines } = sidecarOf({ PINS: 'button=17' }, () => driver);
  await sidecar.start();
  driver.line.close = async () => {
    throw new Error('It clings.');
  };
  driver.close = async () => {
    throw new Error('It stays.');
  };
  await sidecar.stop();
  assert.deepEqual(lines.slice(1), [
    'error: button (GPIO 17) failed. Unexpected: It clings. It is opened again; if this goes on, please report it.',
    'error: The driver fake failed at its end. Unexpected: It stays.',
  ]);
  assert.equal(JSON.parse(bus.on('device').at(-1)?.data ?? '').state, 'offline');
});
