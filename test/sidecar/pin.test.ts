import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Log } from '../../src/lib/log.ts';
import { type Driver, LineProblem } from '../../src/sidecar/drivers/driver.ts';
import { guarded } from '../../src/sidecar/guarded.ts';
import { FIRST_RETRY, Pin } from '../../src/sidecar/pin.ts';
import { type PinSpec, parsePins } from '../../src/sidecar/pins.ts';
import { FakeClock } from '../support/clock.ts';
import { FakeDriver } from '../support/fakeDriver.ts';
import { loggedLines } from '../support/logged.ts';

function pinOf(text: string, around = (driver: Driver, _log: Log) => driver) {
  const clock = new FakeClock();
  const driver = new FakeDriver();
  const { log, lines } = loggedLines();
  const told: string[] = [];
  const states: unknown[] = [];
  const pin: Pin = new Pin({
    spec: parsePins(text, 'sse').pins[0] as PinSpec,
    driver: around(driver, log),
    clock,
    log,
    made: (spec, { gesture, press }) => told.push(`${spec.name} ${gesture} #${press}`),
    changed: () => states.push(pin.state),
  });
  return { pin, clock, driver, lines, told, states };
}

const BUTTON = { name: 'button', gpio: 17, direction: 'in' };

test('active-low: a low voltage is pressed', async () => {
  const { pin, clock, driver, told } = pinOf('button=17:pull-up:debounce=10ms');
  assert.deepEqual(pin.state, { ...BUTTON, level: null });
  await pin.start();
  assert.deepEqual(driver.line.request, { ...BUTTON, pull: 'pull-up', debounce: 10, rest: 1 });
  assert.deepEqual(pin.state, { ...BUTTON, level: 0 });
  driver.line.move(0, clock.now());
  clock.advance(10);
  assert.deepEqual(pin.state, { ...BUTTON, level: 1 });
  assert.deepEqual(told, ['button press #1']);
});

test('active-high: a high voltage is pressed', async () => {
  const { pin, clock, driver, told } = pinOf('button=17:active-high');
  driver.level = 0;
  await pin.start();
  assert.equal(driver.line.request.direction === 'in' && driver.line.request.rest, 0);
  driver.line.move(1, clock.now());
  clock.advance(25);
  assert.deepEqual(told, ['button press #1']);
  assert.equal(pin.state.level, 1);
});

test('a pin that cannot be opened says why, and is tried ever more seldom, up to a minute', async () => {
  const { pin, clock, driver, lines } = pinOf('button=17');
  let tries = 0;
  const open = driver.open.bind(driver);
  driver.open = (...args) => {
    tries++;
    return open(...args);
  };
  driver.problem = new LineProblem('GPIO 17 is in use: end the other program.');
  await pin.start();
  assert.deepEqual(pin.state, {
    ...BUTTON,
    level: null,
    problem: 'GPIO 17 is in use: end the other program.',
  });
  const at: number[] = [];
  for (let second = 1, seen = tries; second <= 240; second++) {
    await clock.pass(1000);
    if (tries > seen) at.push(second);
    seen = tries;
  }
  assert.deepEqual(at, [1, 3, 7, 15, 31, 63, 123, 183]);
  assert.deepEqual(lines, ['error: GPIO 17 is in use: end the other program.']);
  driver.problem = undefined;
  await clock.pass(60_000);
  assert.deepEqual(pin.state, { ...BUTTON, level: 0 });
  assert.deepEqual(lines.slice(1), ['info: The pin works again.']);
  assert.equal(clock.timers, 0);
});

test('a pin that fails later is closed, reported and opened again', async () => {
  const { pin, clock, driver, states, told } = pinOf('button=17:debounce=0');
  await pin.start();
  const first = driver.line;
  first.fail('GPIO 17 is gone.');
  await clock.pass(0);
  assert.equal(first.closed, true);
  assert.deepEqual(states.at(-1), { ...BUTTON, level: null, problem: 'GPIO 17 is gone.' });
  await clock.pass(1000);
  assert.equal(driver.opened.length, 2);
  assert.deepEqual(pin.state, { ...BUTTON, level: 0 });
  first.listener.edge(0, clock.now());
  await clock.pass(100);
  assert.deepEqual(told, [], 'a line that was closed is not heard any more');
  driver.line.move(0, clock.now());
  await clock.pass(100);
  assert.deepEqual(told, ['button press #1']);
});

test('a pin that fails again and again is tried more seldom, until it has worked for a while', async () => {
  const { pin, clock, driver } = pinOf('button=17');
  await pin.start();
  const untilOpen = async () => {
    const before = driver.opened.length;
    let ms = 0;
    for (; driver.opened.length === before; ms += 500) await clock.pass(500);
    return ms;
  };
  driver.line.fail('Gone.');
  assert.equal(await untilOpen(), 1000);
  await clock.pass(30_000);
  driver.line.fail('Gone.');
  assert.equal(await untilOpen(), 2000);
  driver.line.fail('Gone.');
  assert.equal(await untilOpen(), 4000);
  await clock.pass(61_000);
  driver.line.fail('Gone.');
  assert.equal(await untilOpen(), 1000);
});

test('a line that is gone when it is read at the end of the window is a failure, not an exception', async () => {
  const { pin, clock, driver } = pinOf('button=17');
  await pin.start();
  driver.line.move(0, clock.now());
  driver.line.failing = true;
  await clock.pass(25);
  assert.equal(pin.state.problem, 'The line is gone.');
});

test('a line that cannot be read once it is open is closed and tried again', async () => {
  const { pin, clock, driver } = pinOf('button=17');
  const open = driver.open.bind(driver);
  driver.open = async (...args) => {
    const line = await open(...args);
    line.failing = driver.opened.length === 1;
    return line;
  };
  await pin.start();
  assert.equal(driver.line.closed, true);
  assert.equal(pin.state.problem, 'The line is gone.');
  await clock.pass(1000);
  assert.deepEqual(pin.state, { ...BUTTON, level: 0 });
});

test('a driver that breaks in its own way is reported and tried again', async () => {
  const { pin, driver } = pinOf('button=17');
  driver.problem = new TypeError('x is not a function');
  await pin.start();
  assert.equal(pin.state.problem, 'Unexpected: x is not a function');
});

test('stopping ends the retries', async () => {
  const { pin, clock, driver } = pinOf('button=17');
  driver.problem = new LineProblem('No.');
  await pin.start();
  await pin.stop();
  driver.problem = undefined;
  await clock.pass(120_000);
  assert.equal(driver.opened.length, 0);
  assert.equal(clock.timers, 0);
});

test('stopping while the line is being opened closes it', async () => {
  const { pin, driver } = pinOf('led=18:out:safe=1');
  const started = pin.start();
  await pin.stop();
  await started;
  assert.equal(driver.line.closed, true);
  assert.deepEqual(driver.line.written, [1]);
});

test('lost edges are counted in the state, told at once, and then once a minute at most', async () => {
  const { pin, clock, driver, lines, states } = pinOf('button=17');
  const [note, often] = [
    'lost, so a press may be missing.',
    'If it happens often, check the contact and its wires.',
  ];
  await pin.start();
  driver.line.listener.missed(1);
  assert.deepEqual(states.at(-1), { ...BUTTON, level: 0, missed: 1 });
  for (let i = 0; i < 500; i++) driver.line.listener.missed(2);
  assert.equal(pin.state.missed, 1001);
  assert.equal(states.length, 2, 'a contact that loses thousands does not fill the log of the device');
  assert.deepEqual(lines, [`warn: button: an edge was ${note} ${often}`]);
  await clock.pass(60_000);
  assert.deepEqual(lines.slice(1), [`warn: button: 1000 edges were ${note} ${often}`]);
  assert.deepEqual(states.at(-1), { ...BUTTON, level: 0, missed: 1001 });
  await clock.pass(60_000);
  assert.equal(clock.timers, 0);
  driver.line.listener.missed(1);
  assert.equal(lines.length, 3, 'after a quiet minute the next one is told at once');
  driver.line.listener.missed(3);
  await pin.stop();
  assert.deepEqual(lines.slice(3), [`warn: button: 3 edges were ${note} ${often}`]);
  assert.equal(clock.timers, 0);
});

test('a level that differs when the line is back was missed, and is counted', async () => {
  const { pin, clock, driver, told } = pinOf('button=17');
  await pin.start();
  driver.line.move(0, clock.now());
  clock.advance(30);
  driver.line.fail('The line is gone.');
  driver.level = 1;
  await clock.pass(FIRST_RETRY + 2000);
  assert.deepEqual(told, ['button press #1', 'button release #1']);
  assert.deepEqual(pin.state, { ...BUTTON, level: 0, missed: 1 });
});

test('a driver that tells late is waited for, through the guard around it too', async () => {
  const { pin, clock, driver, told } = pinOf('button=17', (inner, log) => guarded(inner, log));
  driver.lag = 20;
  await pin.start();
  driver.line.move(0, 0);
  clock.advance(819);
  assert.deepEqual(told, ['button press #1']);
  clock.advance(1);
  assert.deepEqual(told, ['button press #1', 'button long-press #1']);
});

test('an output that was never started is not touched at the end', async () => {
  const { pin, driver } = pinOf('led=18:out');
  await pin.stop();
  assert.deepEqual(driver.opened, []);
});
