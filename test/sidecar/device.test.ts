import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BusError } from '../../src/bus/bus.ts';
import type { SidecarReport } from '../../src/bus/sidecarReport.ts';
import type { PinState } from '../../src/contract/device.ts';
import { ALIVE_EVERY, Device } from '../../src/sidecar/device.ts';
import { FakeClock, settled } from '../support/clock.ts';
import { heldStore } from '../support/heldBus.ts';
import { loggedLines } from '../support/logged.ts';

const BUTTON: PinState = { name: 'button', gpio: 17, direction: 'in', level: 0 };
const LED: PinState = { name: 'led', gpio: 18, direction: 'out', level: 1 };
const REPORT: SidecarReport = {
  driver: 'mock',
  since: 0,
  stalls: 0,
  longestStall: 0,
  waiting: 0,
  dropped: 0,
  pins: [],
};

function deviceOf() {
  const clock = new FakeClock();
  const { bus, board } = heldStore();
  const { log, lines } = loggedLines();
  const now = {
    pins: [BUTTON, LED] as PinState[],
    dropped: 0,
    driver: 'mock',
    unreachable: false,
    told: [] as SidecarReport[],
    /** For how long the log of the device is still there. */
    kept: Number.POSITIVE_INFINITY,
  };
  board.deviceAlive = async (report) => {
    if (now.unreachable) throw new BusError('away', 'Redis is away.');
    now.told.push(report);
    return now.kept;
  };
  const device = new Device({
    bus,
    board,
    clock,
    log,
    driver: () => now.driver,
    repeat: 3_600_000,
    pins: () => now.pins,
    dropped: () => now.dropped,
    report: () => ({ ...REPORT, dropped: now.dropped }),
  });
  const said = () => bus.on('device').map(({ data }) => JSON.parse(data));
  const press = (level: 0 | 1) => {
    now.pins = [{ ...BUTTON, level }, LED];
    device.changed();
  };
  return { device, clock, bus, now, said, press, lines };
}

test('at the start it says what there is, word for word, with the terms of the hardware', async () => {
  const { device, clock, bus } = deviceOf();
  device.start();
  await device.said();
  assert.deepEqual(
    bus.kept.map(({ event }) => event),
    [
      {
        channel: 'device',
        name: 'state',
        data: '{"state":"online","driver":"mock","pins":[{"name":"button","gpio":17,"direction":"in","level":0},{"name":"led","gpio":18,"direction":"out","level":1}]}',
        at: clock.wall(),
      },
    ],
  );
  assert.equal(bus.kept[0]?.terms.hardware, true);
});

test('before the start it says nothing', async () => {
  const { device, said } = deviceOf();
  device.changed();
  await settled();
  assert.deepEqual(said(), []);
});

test('it says each change of a level or a problem, and nothing when nothing changed', async () => {
  const { device, now, said, press } = deviceOf();
  device.start();
  await settled();
  press(1);
  await settled();
  device.changed();
  await settled();
  now.pins = [{ ...BUTTON, level: null, problem: 'In use.' }, LED];
  device.changed();
  await device.said();
  assert.deepEqual(
    said().map(({ state, pins }) => [state, pins[0].level, pins[0].problem]),
    [
      ['online', 0, undefined],
      ['online', 1, undefined],
      ['degraded', null, 'In use.'],
    ],
  );
});

test('while the store is away the newest state waits, not every old one', async () => {
  const { device, clock, bus, said, press } = deviceOf();
  bus.hold();
  device.start();
  await settled();
  for (let i = 0; i < 101; i++) {
    clock.advance(1);
    press(i % 2 === 0 ? 1 : 0);
    await settled();
  }
  clock.advance(500);
  bus.release();
  await device.said();
  assert.deepEqual(
    said().map(({ pins }) => pins[0].level),
    [0, 1],
  );
  assert.equal(bus.on('device').at(-1)?.at, clock.wall() - 500);
});

test('dropped events are in it', async () => {
  const { device, now, said } = deviceOf();
  device.start();
  await settled();
  now.dropped = 7;
  device.changed();
  await device.said();
  assert.deepEqual(
    said().map(({ dropped }) => dropped),
    [undefined, 7],
  );
});

test('it says on the board that it lives and how it is, at once and every three seconds', async () => {
  const { device, clock, now, said } = deviceOf();
  device.start();
  await clock.pass(0);
  assert.equal(now.told.length, 1);
  await clock.pass(ALIVE_EVERY * 3);
  now.dropped = 2;
  await clock.pass(ALIVE_EVERY);
  assert.deepEqual(
    now.told.map(({ dropped }) => dropped),
    [0, 0, 0, 0, 2],
  );
  assert.equal(said().length, 1);
});

test('a driver that chooses is called by what it has chosen, as soon as it has', async () => {
  const { device, now, said } = deviceOf();
  now.driver = 'auto';
  device.start();
  await settled();
  now.driver = 'gpiomon';
  device.changed();
  await device.said();
  assert.deepEqual(
    said().map(({ driver }) => driver),
    ['auto', 'gpiomon'],
  );
});

test('a pin that is not open yet is no pin that works', async () => {
  const { device, now, said } = deviceOf();
  now.pins = [BUTTON, { ...LED, level: null }];
  device.start();
  await device.said();
  assert.equal(said()[0]?.state, 'degraded');
});

test('after the board was unreachable it says its state again, for it may have been called offline meanwhile', async () => {
  const { device, clock, now, said } = deviceOf();
  device.start();
  await clock.pass(ALIVE_EVERY);
  now.unreachable = true;
  await clock.pass(20_000);
  assert.equal(said().length, 1);
  now.unreachable = false;
  await clock.pass(ALIVE_EVERY);
  assert.equal(said().length, 2);
  await clock.pass(ALIVE_EVERY * 3);
  assert.equal(said().length, 2);
});

test('it says its state again before the log of a quiet device runs out', async () => {
  const { device, clock, said } = deviceOf();
  device.start();
  await clock.pass(3_590_000);
  assert.equal(said().length, 1);
  await clock.pass(20_000);
  assert.equal(said().length, 2);
  assert.deepEqual(said()[1], said()[0]);
});

test('it says its state again when its log is gone or about to be, whatever it believes of its age', async () => {
  const { device, clock, now, said } = deviceOf();
  device.start();
  await clock.pass(ALIVE_EVERY);
  now.kept = 2 * ALIVE_EVERY + 1;
  await clock.pass(ALIVE_EVERY);
  assert.equal(said().length, 1);
  now.kept = 2 * ALIVE_EVERY;
  await clock.pass(ALIVE_EVERY);
  assert.equal(said().length, 2);
  now.kept = 0;
  await clock.pass(ALIVE_EVERY);
  assert.equal(said().length, 3);
  assert.deepEqual(said()[2], said()[0]);
});

test('it says nothing twice because its log is not there yet', async () => {
  const { device, clock, bus, now, said } = deviceOf();
  now.kept = 0;
  bus.hold();
  device.start();
  await clock.pass(ALIVE_EVERY);
  now.kept = 86_400_000;
  bus.release();
  await clock.pass(ALIVE_EVERY * 2);
  assert.equal(said().length, 1);
});

test('a start before the store is there says online once, and how it is as soon as it is there', async () => {
  const { device, clock, bus, now, said } = deviceOf();
  now.unreachable = true;
  bus.hold();
  device.start();
  await clock.pass(60_000);
  now.unreachable = false;
  bus.release();
  await settled();
  assert.deepEqual([said().length, now.told.length], [1, 1]);
  await clock.pass(ALIVE_EVERY * 2);
  assert.deepEqual([said().length, now.told.length], [1, 3]);
});

test('a state that an earlier try has stored is said again: somebody may have called the device offline since', async () => {
  const { device, clock, bus, now, said } = deviceOf();
  const append = bus.append.bind(bus);
  bus.append = async (event, terms) => ({ ...(await append(event, terms)), duplicate: true });
  now.unreachable = true;
  bus.hold();
  device.start();
  await clock.pass(0);
  now.unreachable = false;
  bus.release();
  await device.said();
  await clock.pass(ALIVE_EVERY);
  assert.equal(said().length, 2);
});

test('after the process or the computer stood still it says its state again', async () => {
  const { device, clock, said } = deviceOf();
  device.start();
  await clock.pass(ALIVE_EVERY);
  clock.stall(60_000);
  await clock.pass(ALIVE_EVERY);
  assert.equal(said().length, 2);
  clock.wallAtZero += 3_600_000;
  await clock.pass(ALIVE_EVERY);
  assert.equal(said().length, 3);
});

test('a state that the store refuses is logged once, and said again until it is stored', async () => {
  const { device, clock, bus, said, lines } = deviceOf();
  bus.refusal = new BusError('full', 'The store is full.');
  device.start();
  await clock.pass(0);
  await clock.pass(ALIVE_EVERY * 20);
  assert.deepEqual(lines, ['warn: The state of the device was not stored. It is tried again.']);
  bus.refusal = undefined;
  await clock.pass(ALIVE_EVERY);
  assert.equal(said().length, 1);
});

test('at the end it says offline with levels that nobody knows, and then nothing more', async () => {
  const { device, clock, now, said, press } = deviceOf();
  device.start();
  await settled();
  now.pins = [{ ...BUTTON, problem: 'In use.' }, LED];
  device.stop();
  press(1);
  await device.said();
  assert.deepEqual(said().at(-1), {
    state: 'offline',
    driver: 'mock',
    pins: [
      { ...BUTTON, level: null },
      { ...LED, level: null },
    ],
  });
  assert.equal(said().length, 2);
  assert.equal(clock.timers, 0);
});

test('offline is the last word even if the board is reached again just then', async () => {
  const { device, clock, now, said } = deviceOf();
  now.unreachable = true;
  device.start();
  await clock.pass(0);
  now.unreachable = false;
  clock.advance(ALIVE_EVERY);
  device.stop();
  await device.said();
  await settled();
  assert.equal(said().at(-1)?.state, 'offline');
});
