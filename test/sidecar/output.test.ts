import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { OutputCommand } from '../../src/contract/device.ts';
import { LineProblem } from '../../src/sidecar/drivers/driver.ts';
import { Pin } from '../../src/sidecar/pin.ts';
import { type PinSpec, parsePins } from '../../src/sidecar/pins.ts';
import { FakeClock, settled } from '../support/clock.ts';
import { FakeDriver } from '../support/fakeDriver.ts';
import { loggedLines } from '../support/logged.ts';

const LED = { name: 'led', gpio: 18, direction: 'out' } as const;

type Asked = OutputCommand extends infer One ? (One extends unknown ? Omit<One, 'pin'> : never) : never;

function outputOf(text = 'led=18:out') {
  const clock = new FakeClock();
  const driver = new FakeDriver();
  const { log, lines } = loggedLines();
  const states: unknown[] = [];
  const pin: Pin = new Pin({
    spec: parsePins(text, 'sse').pins[0] as PinSpec,
    driver,
    clock,
    log,
    made: () => assert.fail('an output makes no gestures'),
    changed: () => states.push(pin.state),
  });
  const obey = (asked: Asked) => pin.obey({ pin: 'led', ...asked } as OutputCommand);
  return { pin, clock, driver, lines, states, obey };
}

async function opened(text?: string) {
  const output = outputOf(text);
  await output.pin.start();
  return output;
}

test('an output is opened at its initial level, set, read back, and left at its safe level', async () => {
  const { pin, driver, states, obey } = await opened('led=18:out:active-low:initial=1:safe=0');
  assert.deepEqual(driver.line.request, { ...LED, level: 0 });
  assert.deepEqual(pin.state, { ...LED, level: 1 });
  assert.deepEqual(await obey({ value: 0 }), { ...LED, level: 0 });
  assert.deepEqual(driver.line.written, [1]);
  assert.deepEqual(states, [
    { ...LED, level: 1 },
    { ...LED, level: 0 },
  ]);
  await obey({ value: 1 });
  await pin.stop();
  assert.deepEqual(driver.line.written, [1, 0, 1]);
  assert.equal(driver.line.closed, true);
});

test('an output that does not take its level says so, reads what it is, and goes back to what it did', async () => {
  const { pin, driver, clock, obey } = await opened();
  driver.line.stuck = 0;
  const refused = {
    name: 'LineProblem',
    message: 'led (GPIO 18) was set to 1 and reads 0: something else drives the line, so check the wiring.',
  };
  for (const asked of [{ value: 1 }, { pulse: 100 }, { blink: 100 }] as const) {
    await assert.rejects(obey(asked), refused);
    assert.deepEqual(pin.state, { ...LED, level: 0 });
  }
  assert.deepEqual(driver.line.written, [1, 0, 1, 0, 1, 0]);
  assert.equal(clock.timers, 0);
});

test('an output that something else moves is known', async () => {
  const { pin, driver, clock, states } = await opened();
  driver.line.move(1, clock.now());
  assert.equal(pin.state.level, 1);
  driver.line.move(1, clock.now());
  assert.equal(states.length, 2);
});

test('a pulse is on for as long as was asked, and then off', async () => {
  const { pin, clock, driver, states, obey } = await opened();
  assert.deepEqual(await obey({ pulse: 500 }), { ...LED, level: 1 });
  await clock.pass(499);
  assert.equal(pin.state.level, 1);
  await clock.pass(1);
  assert.deepEqual(driver.line.written, [1, 0]);
  assert.deepEqual(states, [
    { ...LED, level: 0 },
    { ...LED, level: 1 },
    { ...LED, level: 0 },
  ]);
  assert.equal(clock.timers, 0);
});

test('a pulse on an output that is on keeps it on for so long, and then it is off', async () => {
  const { pin, clock, obey } = await opened('led=18:out:initial=1');
  await obey({ pulse: 500 });
  await clock.pass(499);
  assert.equal(pin.state.level, 1);
  await clock.pass(1);
  assert.equal(pin.state.level, 0);
});

test('the next command replaces a pulse, and nothing is left of it', async () => {
  const { pin, clock, obey } = await opened();
  await obey({ pulse: 500 });
  await clock.pass(300);
  await obey({ pulse: 500 });
  await clock.pass(499);
  assert.equal(pin.state.level, 1);
  await obey({ value: 1 });
  assert.equal(clock.timers, 0);
  await clock.pass(3_600_000);
  assert.equal(pin.state.level, 1);
});

test('it blinks until the next command, and the device hears of the start and the end alone', async () => {
  const { clock, driver, states, obey } = await opened();
  assert.deepEqual(await obey({ blink: 200 }), { ...LED, level: 1, blink: 200 });
  await clock.pass(1000);
  assert.deepEqual(driver.line.written, [1, 0, 1, 0, 1, 0]);
  await obey({ value: 0 });
  await clock.pass(1000);
  assert.deepEqual(driver.line.written, [1, 0, 1, 0, 1, 0, 0]);
  assert.deepEqual(states.slice(1), [
    { ...LED, level: 1, blink: 200 },
    { ...LED, level: 0 },
  ]);
  assert.equal(clock.timers, 0);
});

test('it blinks as often as was asked, and is off after the last flash', async () => {
  const { pin, clock, driver, states, obey } = await opened();
  await obey({ blink: 200, times: 3 });
  await clock.pass(999);
  assert.deepEqual(pin.state, { ...LED, level: 1, blink: 200 });
  await clock.pass(1);
  assert.deepEqual(pin.state, { ...LED, level: 0 });
  assert.deepEqual(driver.line.written, [1, 0, 1, 0, 1, 0]);
  assert.equal(states.length, 3);
  await obey({ blink: 200, times: 1 });
  await clock.pass(200);
  assert.deepEqual(driver.line.written.slice(6), [1, 0]);
  assert.equal(clock.timers, 0);
});

test('a level of a blink lasts as long as was asked, however long it takes to set', async () => {
  const { clock, driver, obey } = await opened();
  await obey({ blink: 200 });
  const { release } = driver.line.holdWrites();
  await clock.pass(1000);
  assert.deepEqual(driver.line.written, [1]);
  release();
  await clock.pass(199);
  assert.deepEqual(driver.line.written, [1, 0]);
  await clock.pass(1);
  assert.deepEqual(driver.line.written, [1, 0, 1]);
});

test('a driver that sees each flash of a blink does not fill the log of the device with them', async () => {
  const { clock, driver, states, obey } = await opened();
  await obey({ blink: 200 });
  driver.line.move(0, clock.now());
  driver.line.move(1, clock.now());
  assert.equal(states.length, 2);
});

test('an output that failed comes back with the level that it was set to, not with one that was refused', async () => {
  const { pin, clock, driver, obey } = await opened();
  await obey({ value: 1 });
  driver.line.failing = true;
  await assert.rejects(obey({ value: 0 }), { message: 'The line is gone.' });
  assert.deepEqual(pin.state, { ...LED, level: null, problem: 'The line is gone.' });
  await assert.rejects(obey({ blink: 100 }), { message: 'The line is gone.' });
  await clock.pass(1000);
  assert.deepEqual(pin.state, { ...LED, level: 1 });
});

test('a pulse whose time is over while the line is lost is off when it is back', async () => {
  const { pin, clock, driver, obey } = await opened();
  await obey({ pulse: 500 });
  driver.line.fail('GPIO 18 is gone.');
  await clock.pass(1000);
  assert.equal(driver.line.request.direction === 'out' && driver.line.request.level, 0);
  assert.deepEqual(pin.state, { ...LED, level: 0 });
  await clock.pass(1000);
  assert.equal(clock.timers, 0);
});

test('a pulse whose time is not over goes on when the line is back, and ends when it would have', async () => {
  const { pin, clock, driver, obey } = await opened();
  await obey({ pulse: 5000 });
  await clock.pass(1000);
  driver.line.fail('GPIO 18 is gone.');
  await clock.pass(1000);
  assert.equal(driver.line.request.direction === 'out' && driver.line.request.level, 1);
  await clock.pass(2999);
  assert.equal(pin.state.level, 1);
  await clock.pass(1);
  assert.equal(pin.state.level, 0);
});

test('a pulse that cannot be ended is ended as soon as the line is back', async () => {
  const { pin, clock, driver, lines, obey } = await opened();
  await obey({ pulse: 500 });
  driver.line.failing = true;
  driver.problem = new LineProblem('The line is gone.');
  await clock.pass(500);
  assert.deepEqual(pin.state, { ...LED, level: null, problem: 'The line is gone.' });
  await clock.pass(1000);
  driver.problem = undefined;
  await clock.pass(2000);
  assert.equal(driver.opened.length, 2);
  assert.deepEqual(driver.line.request, { ...LED, level: 0 });
  assert.deepEqual(pin.state, { ...LED, level: 0 });
  assert.deepEqual(lines, ['error: The line is gone.', 'info: The pin works again.']);
});

test('a pulse whose time runs out while the line is being opened is ended right after', async () => {
  const { pin, clock, driver, lines, obey } = await opened();
  await obey({ pulse: 2000 });
  driver.line.fail('GPIO 18 is gone.');
  const openLine = driver.open.bind(driver);
  let goOn = () => {};
  driver.open = async (...args) => {
    await new Promise<void>((resolve) => {
      goOn = resolve;
    });
    return openLine(...args);
  };
  await clock.pass(1000);
  clock.stall(1500);
  goOn();
  await clock.pass(0);
  assert.deepEqual(driver.line.request, { ...LED, level: 1 });
  assert.deepEqual(driver.line.written, [0]);
  assert.deepEqual(pin.state, { ...LED, level: 0 });
  assert.deepEqual(lines, ['error: GPIO 18 is gone.', 'info: The pin works again.']);
});

test('a blink goes on when the line is back, with the flashes that were left', async () => {
  const { pin, clock, driver, states, obey } = await opened();
  await obey({ blink: 200, times: 3 });
  await clock.pass(300);
  driver.line.failing = true;
  await clock.pass(100);
  assert.deepEqual(pin.state, { ...LED, level: null, problem: 'The line is gone.' });
  await clock.pass(1000);
  assert.deepEqual(driver.line.request, { ...LED, level: 0 });
  assert.deepEqual(states.at(-1), { ...LED, level: 1, blink: 200 });
  await clock.pass(199);
  assert.deepEqual(driver.line.written, []);
  await clock.pass(1801);
  assert.deepEqual(driver.line.written, [1, 0, 1, 0]);
  assert.deepEqual(pin.state, { ...LED, level: 0 });
  assert.equal(clock.timers, 0);
});

test('a blink that was lost while it was on is on when the line is back', async () => {
  const { clock, driver, obey } = await opened();
  await obey({ blink: 200, times: 2 });
  driver.line.fail('GPIO 18 is gone.');
  await clock.pass(1000);
  assert.deepEqual(driver.line.request, { ...LED, level: 1 });
  await clock.pass(1000);
  assert.deepEqual(driver.line.written, [0, 1, 0]);
});

test('a line that stops obeying in the middle of a blink is told once for each command', async () => {
  const { clock, driver, lines, obey } = await opened();
  await obey({ blink: 200 });
  driver.line.stuck = 1;
  await clock.pass(5000);
  const sentence =
    'led (GPIO 18) was set to 0 and reads 1: something else drives the line, so check the wiring.';
  assert.deepEqual(lines, [`warn: ${sentence}`]);
  driver.line.stuck = undefined;
  await obey({ blink: 200 });
  driver.line.stuck = 1;
  await clock.pass(5000);
  assert.deepEqual(lines, [`warn: ${sentence}`, `warn: ${sentence}`]);
  await assert.rejects(obey({ value: 0 }), { message: sentence });
});

test('commands are done one after another, and each is answered with the state right after it', async () => {
  const { pin, driver, obey } = await opened();
  const { release } = driver.line.holdWrites();
  const answers = Promise.all([obey({ value: 1 }), obey({ blink: 100 }), obey({ value: 0 })]);
  await settled();
  assert.deepEqual(driver.line.written, []);
  release();
  assert.deepEqual(await answers, [
    { ...LED, level: 1 },
    { ...LED, level: 1, blink: 100 },
    { ...LED, level: 0 },
  ]);
  assert.deepEqual(driver.line.written, [1, 1, 0]);
  assert.deepEqual(pin.state, { ...LED, level: 0 });
});

test('the end of a pulse does not undo a command that came just before it', async () => {
  const { pin, clock, driver, obey } = await opened();
  await obey({ pulse: 100 });
  const { release } = driver.line.holdWrites();
  const answer = obey({ value: 1 });
  await clock.pass(100);
  release();
  await answer;
  await settled();
  assert.equal(pin.state.level, 1);
  assert.deepEqual(driver.line.written, [1, 1]);
});

test('a line that is lost while it is being set has not taken the level', async () => {
  const { pin, clock, driver, obey } = await opened();
  const { release } = driver.line.holdWrites();
  const answer = assert.rejects(obey({ value: 1 }), { message: 'GPIO 18 is gone.' });
  await settled();
  driver.line.listener.failed(new LineProblem('GPIO 18 is gone.'));
  release();
  await answer;
  await clock.pass(1000);
  assert.deepEqual(pin.state, { ...LED, level: 0 });
});

for (const [doing, asked] of [
  ['pulse', { pulse: 500 }],
  ['blink', { blink: 500 }],
] as const) {
  test(`the end of the sidecar ends a ${doing}: the safe level, and nothing after it`, async () => {
    const { pin, clock, driver, lines, obey } = await opened('led=18:out:safe=0');
    await obey(asked);
    const { line } = driver;
    await pin.stop();
    assert.deepEqual([line.written, line.closed], [[1, 0], true]);
    await clock.pass(10_000);
    assert.deepEqual(line.written, [1, 0]);
    await assert.rejects(obey({ value: 1 }), { message: 'The pin is not open.' });
    assert.deepEqual(lines, []);
    assert.equal(clock.timers, 0);
  });
}

test('what is under way at the end comes before the safe level, and what waits does not come', async () => {
  const { pin, clock, driver, obey } = await opened();
  const { release } = driver.line.holdWrites();
  const first = obey({ blink: 100 });
  const second = assert.rejects(obey({ value: 1 }), { message: 'The pin is not open.' });
  await settled();
  const end = pin.stop();
  release();
  await Promise.all([first, second, end]);
  assert.deepEqual(driver.line.written, [1, 0]);
  assert.equal(clock.timers, 0);
});

test('an output whose line waits for its retry at the end is opened once more, at its safe level', async () => {
  const { pin, clock, driver, lines, obey } = await opened('heater=18:out:active-low:safe=0');
  await obey({ value: 1 });
  driver.line.fail('GPIO 18 is gone.');
  await pin.stop();
  const HIGH = 1;
  assert.deepEqual(
    driver.opened.map(({ request }) => request.direction === 'out' && request.level),
    [HIGH, HIGH],
    'never as it was wanted',
  );
  assert.deepEqual([driver.line.level, driver.line.closed], [HIGH, true]);
  await clock.pass(120_000);
  assert.deepEqual([driver.opened.length, clock.timers], [2, 0]);
  assert.deepEqual(lines, ['error: GPIO 18 is gone.']);
});

test('an output whose retry begins as the sidecar ends is opened at its safe level alone', async () => {
  const { pin, clock, driver, obey } = await opened();
  await obey({ value: 1 });
  let closed = () => {};
  driver.line.close = () => new Promise((resolve) => (closed = resolve));
  driver.line.fail('GPIO 18 is gone.');
  await clock.pass(1000);
  const end = pin.stop();
  closed();
  await end;
  assert.deepEqual(
    driver.opened.slice(1).map(({ request }) => request),
    [{ ...LED, level: 0 }],
  );
  assert.deepEqual([driver.line.level, driver.line.closed], [0, true]);
});

test('an output that is lost in the moment of the end is opened once more', async () => {
  const { pin, driver, lines, obey } = await opened();
  await obey({ value: 1 });
  const first = driver.line;
  first.failing = true;
  await pin.stop();
  assert.deepEqual([first.closed, driver.opened.length], [true, 2]);
  assert.deepEqual([driver.line.level, driver.line.closed, lines], [0, true, []]);
});

test('a safe level that cannot be set is logged, without the promise of another try', async () => {
  const reasons = {
    'led (GPIO 18) failed: gpioset was ended by SIGTERM. It is started again; if that does not help, restart the Pi, or report this with the model of the board.':
      'led (GPIO 18) failed: gpioset was ended by SIGTERM.',
    'led (GPIO 18) is gone: the chip x was removed. It is opened again as soon as it is back.':
      'led (GPIO 18) is gone: the chip x was removed.',
    'led (GPIO 18) cannot be opened: x does not exist. Another program released the line just now: it is tried again.':
      'led (GPIO 18) cannot be opened: x does not exist. Another program released the line just now.',
    'led (GPIO 18) is in use: end the other program.': 'led (GPIO 18) is in use: end the other program.',
  };
  for (const [reason, said] of Object.entries(reasons)) {
    const { pin, driver, lines } = await opened();
    driver.line.failing = true;
    driver.problem = new LineProblem(reason);
    await pin.stop();
    assert.equal(driver.line.closed, true);
    assert.deepEqual(lines, [`error: The safe level was not set: ${said}`]);
  }
});

test('a safe level that the line does not take is logged', async () => {
  const { pin, driver, lines } = await opened();
  driver.line.stuck = 1;
  await pin.stop();
  assert.deepEqual(lines, [
    'error: The safe level was not set: led (GPIO 18) was set to 0 and reads 1: something else drives the line, so check the wiring.',
  ]);
  assert.equal(driver.opened.length, 1);
});

test('an output that was on when its line was lost for good is not passed over at the end', async () => {
  const { pin, clock, driver, lines, obey } = await opened();
  await obey({ pulse: 3_600_000 });
  driver.line.fail('GPIO 18 is gone.');
  let tries = 0;
  driver.open = async () => {
    tries++;
    throw new LineProblem('GPIO 18 is in use: end the other program.');
  };
  await pin.stop();
  assert.deepEqual([tries, clock.timers], [1, 0]);
  assert.deepEqual(lines, [
    'error: GPIO 18 is gone.',
    'error: The safe level was not set: GPIO 18 is in use: end the other program.',
  ]);
});

test('an output that never worked leaves nothing to say at the end, and is safe if it works by then', async () => {
  const { pin, driver, lines } = outputOf('led=18:out:safe=1');
  driver.problem = new LineProblem('GPIO 18 is in use: end the other program.');
  await pin.start();
  await pin.stop();
  assert.deepEqual(lines, ['error: GPIO 18 is in use: end the other program.']);
  const late = outputOf('led=18:out:safe=1');
  late.driver.problem = new LineProblem('GPIO 18 is in use: end the other program.');
  await late.pin.start();
  late.driver.problem = undefined;
  await late.pin.stop();
  assert.deepEqual([late.driver.line.level, late.driver.line.closed], [1, true]);
});

test('an output that is opened and reads another level than it was given is told', async () => {
  const { pin, clock, driver, lines, obey } = outputOf('led=18:out:initial=1');
  const open = driver.open.bind(driver);
  driver.open = async (...args) => Object.assign(await open(...args), { stuck: 0 });
  await pin.start();
  const sentence =
    'led (GPIO 18) was set to 1 and reads 0: something else drives the line, so check the wiring.';
  assert.deepEqual(pin.state, { ...LED, level: 0 });
  assert.deepEqual(lines, [`warn: ${sentence}`]);
  driver.line.fail('GPIO 18 is gone.');
  await clock.pass(1000);
  assert.deepEqual(lines.slice(1), ['error: GPIO 18 is gone.', 'info: The pin works again.'], 'said once');
  driver.line.stuck = undefined;
  await obey({ value: 1 });
  driver.line.fail('GPIO 18 is gone.');
  await clock.pass(2000);
  assert.equal(lines.at(-1), `warn: ${sentence}`, 'after it had worked it is news');
});
