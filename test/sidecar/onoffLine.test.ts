import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Level, LineRequest } from '../../src/sidecar/drivers/driver.ts';
import { CHECK_EVERY, HEARD_WITHIN, OnoffLine } from '../../src/sidecar/drivers/onoffLine.ts';
import { FakeClock } from '../support/clock.ts';
import { fakeOnoff } from '../support/fakeOnoff.ts';

const WINDOW = 25;
const ATTEMPT = { root: '/sys/class/gpio', name: 'button', gpio: 17, number: 529 };
const GONE =
  'button (GPIO 17, number 529 of sysfs) is gone, says /sys/class/gpio/gpio529/value: another program released it, or its chip was removed. It is opened again as soon as possible.';
const ENODEV = Object.assign(new Error('ENODEV: no such device, read'), { code: 'ENODEV' });

/** An open line; what it tells, in words. */
async function lineOf(direction: 'in' | 'out' = 'in', debounce = WINDOW) {
  const clock = new FakeClock();
  const { wire, parts } = fakeOnoff('/nowhere');
  const FakeGpio = await parts.load();
  const gpio = new FakeGpio(529, direction === 'in' ? 'in' : 'high', 'both', { activeLow: false });
  const told: string[] = [];
  const request: LineRequest =
    direction === 'in'
      ? { name: 'button', gpio: 17, direction, pull: 'as-is', debounce, rest: 1 }
      : { name: 'led', gpio: 17, direction, level: 1 };
  const whenTold = { run: () => {} };
  const still = { longest: 0 };
  const line = new OnoffLine({
    gpio,
    request,
    listener: {
      edge: (level: Level, at: number) => {
        told.push(`${level} at ${at}`);
        whenTold.run();
      },
      missed: (edges) => told.push(`missed ${edges}`),
      failed: ({ message }) => told.push(message),
    },
    clock,
    attempt: ATTEMPT,
    stoodStill: () => still.longest,
  });
  line.start();
  return { line, gpio, clock, wire, told, still, whenTold };
}

test('an edge that the kernel lost is found by looking, told when it is certain, and counted', async () => {
  const { clock, wire, told } = await lineOf();
  clock.advance(CHECK_EVERY);
  assert.deepEqual(told, []);
  wire.level = 0;
  clock.advance(CHECK_EVERY + WINDOW - 1);
  assert.deepEqual(told, []);
  clock.advance(1);
  assert.deepEqual(told, ['missed 1', `0 at ${2 * CHECK_EVERY + WINDOW}`]);
  clock.advance(CHECK_EVERY * 4);
  assert.equal(told.length, 2);
});

test('the look goes on after it found one', async () => {
  const { clock, wire, told } = await lineOf('in', 0);
  wire.level = 0;
  clock.advance(CHECK_EVERY + HEARD_WITHIN);
  wire.level = 1;
  clock.advance(CHECK_EVERY + HEARD_WITHIN);
  const first = CHECK_EVERY + HEARD_WITHIN;
  assert.deepEqual(told, ['missed 1', `0 at ${first}`, 'missed 1', `1 at ${2 * first}`]);
});

test('an edge that was only on its way when the level was looked at was not lost', async () => {
  const { clock, wire, told } = await lineOf();
  wire.level = 0;
  clock.advance(CHECK_EVERY);
  wire.poll();
  clock.advance(CHECK_EVERY * 4);
  assert.deepEqual(told, [`0 at ${CHECK_EVERY}`]);
});

test('a bounce whose edges came as one is none either, however often the level was looked at', async () => {
  const { clock, wire, told } = await lineOf();
  clock.advance(CHECK_EVERY - 2);
  wire.move(0);
  clock.advance(1);
  wire.level = 1;
  clock.advance(2);
  wire.move(0);
  clock.advance(1);
  wire.level = 1;
  wire.move(0);
  clock.advance(CHECK_EVERY * 4);
  assert.deepEqual(told, [`0 at ${CHECK_EVERY - 2}`, `0 at ${CHECK_EVERY + 1}`, `0 at ${CHECK_EVERY + 2}`]);
});

test('another level that was back when it was looked at again is nothing', async () => {
  const { clock, wire, told } = await lineOf();
  wire.level = 0;
  clock.advance(CHECK_EVERY);
  wire.level = 1;
  clock.advance(CHECK_EVERY * 4);
  assert.deepEqual(told, []);
});

test('who reads the level knows it: an edge that was lost before that is not told and not counted', async () => {
  const { line, clock, wire, told } = await lineOf();
  wire.level = 0;
  clock.advance(CHECK_EVERY);
  assert.equal(line.read(), 0);
  clock.advance(CHECK_EVERY * 4);
  assert.deepEqual(told, []);
});

test('an output that somebody else has set is told at once, and nothing was missed', async () => {
  const { gpio, clock, told } = await lineOf('out');
  gpio.writeSync(0);
  clock.advance(CHECK_EVERY * 3);
  assert.deepEqual(told, [`0 at ${CHECK_EVERY}`]);
});

test('a line may be closed by who is told of it', async () => {
  for (const direction of ['in', 'out'] as const) {
    const { line, gpio, clock, wire, whenTold } = await lineOf(direction);
    whenTold.run = () => void line.close();
    if (direction === 'out') gpio.writeSync(0);
    else wire.level = 0;
    clock.advance(CHECK_EVERY * 3);
    assert.equal(wire.unexported, 1);
    assert.equal(clock.timers, 0);
  }
});

test('a level that was written is not told', async () => {
  const { line, clock, told } = await lineOf('out');
  await line.write(0);
  clock.advance(CHECK_EVERY * 3);
  assert.deepEqual(told, []);
});

test('a line that was released behind us is found by looking, told once, released and looked at no more', async () => {
  const { line, clock, wire, told } = await lineOf();
  wire.gone = ENODEV;
  clock.advance(CHECK_EVERY * 3);
  assert.deepEqual(told, [GONE]);
  assert.equal(clock.timers, 0);
  await line.close();
  assert.equal(wire.unexported, 1);
});

test('a line that goes while a lost edge is being made sure of is gone', async () => {
  const { clock, wire, told } = await lineOf();
  wire.level = 0;
  clock.advance(CHECK_EVERY);
  wire.gone = ENODEV;
  clock.advance(CHECK_EVERY * 3);
  assert.deepEqual(told, [GONE]);
  assert.equal(clock.timers, 0);
});

test("an error in onoff's own handler is a failure of the line, not the end of the process, and cannot come again", async () => {
  const { clock, wire, told } = await lineOf();
  wire.gone = ENODEV;
  const { poll } = wire;
  poll();
  poll();
  assert.deepEqual(told, [GONE]);
  assert.equal(clock.timers, 0);
  assert.equal(wire.unexported, 1, 'the kernel would report the broken line without end');
});

test('errors of reading and writing are sentences', async () => {
  const { line, wire } = await lineOf('out');
  wire.gone = ENODEV;
  assert.throws(() => line.read(), { name: 'LineProblem', message: GONE });
  await assert.rejects(line.write(0), { name: 'LineProblem', message: GONE });
});

test('closing unexports, stops looking and tells nothing more, even if the line is gone', async () => {
  const { line, clock, wire, told } = await lineOf();
  const { poll } = wire;
  wire.gone = ENODEV;
  await line.close();
  poll();
  assert.equal(wire.unexported, 1);
  assert.equal(clock.timers, 0);
  assert.deepEqual(told, []);
});

test('edges that came as one after the process stood still may have been a press, and are counted as missed', async () => {
  const { clock, wire, told, still } = await lineOf();
  clock.advance(WINDOW);
  wire.move(1);
  still.longest = WINDOW;
  clock.advance(WINDOW - 1);
  assert.deepEqual(told, [`1 at ${WINDOW}`]);
  clock.advance(1);
  assert.deepEqual(told, [`1 at ${WINDOW}`, 'missed 2']);
});

test('edges that came as one were a bounce or a glitch when it stood still for less', async () => {
  const { clock, wire, told, still } = await lineOf();
  still.longest = WINDOW - 1;
  clock.advance(100);
  wire.move(1);
  clock.advance(CHECK_EVERY * 2);
  assert.deepEqual(told, ['1 at 100']);
});

test('edges that came as one right after an edge or a look were a bounce, however long it stood still before', async () => {
  const { clock, wire, told, still } = await lineOf();
  still.longest = 1000;
  clock.advance(100);
  wire.move(0);
  clock.advance(WINDOW - 1);
  wire.move(0);
  clock.advance(CHECK_EVERY - 100);
  wire.move(0);
  clock.advance(CHECK_EVERY);
  assert.deepEqual(told, ['0 at 100', `0 at ${100 + WINDOW - 1}`, `0 at ${CHECK_EVERY + WINDOW - 1}`]);
});

test('a level that was read before its edge was heard makes no lost pair of that edge', async () => {
  const { line, clock, wire, told, still } = await lineOf();
  still.longest = 1000;
  clock.advance(100);
  wire.level = 0;
  assert.equal(line.read(), 0);
  clock.advance(2);
  wire.poll();
  clock.advance(CHECK_EVERY);
  assert.deepEqual(told, ['0 at 102']);
});

test('a line that failed is not touched any more: its descriptor may be another file’s', async () => {
  const { line, clock, wire } = await lineOf('out');
  wire.gone = ENODEV;
  clock.advance(CHECK_EVERY);
  wire.gone = undefined;
  await assert.rejects(line.write(1), { name: 'LineProblem', message: GONE });
  assert.throws(() => line.read(), { name: 'LineProblem', message: GONE });
  assert.deepEqual(wire.written, []);
});

test('edges that came as one were the beginning of those that follow at once', async () => {
  const { clock, wire, told, still } = await lineOf();
  still.longest = WINDOW;
  clock.advance(WINDOW);
  wire.move(1);
  clock.advance(3);
  wire.move(0);
  clock.advance(CHECK_EVERY * 2);
  assert.deepEqual(told, ['1 at 25', '0 at 28']);
});

test('so are edges that came as one while the button was held', async () => {
  const { clock, wire, told, still } = await lineOf();
  wire.move(0);
  clock.advance(100);
  still.longest = WINDOW;
  wire.move(0);
  clock.advance(WINDOW);
  assert.deepEqual(told, ['0 at 0', '0 at 100', 'missed 2']);
});

test('nor does a bounce after it make a press that was lost a bounce', async () => {
  const { clock, wire, told, still } = await lineOf();
  still.longest = WINDOW;
  clock.advance(100);
  wire.move(1);
  clock.advance(2);
  wire.move(1);
  clock.advance(WINDOW);
  assert.deepEqual(told, ['1 at 100', '1 at 102', 'missed 2']);
});

test('edges that came as one twice, in one stall each, are counted twice', async () => {
  const { clock, wire, told, still } = await lineOf();
  still.longest = WINDOW;
  clock.advance(WINDOW);
  wire.move(1);
  clock.advance(WINDOW);
  wire.move(1);
  clock.advance(WINDOW);
  assert.deepEqual(told, ['1 at 25', 'missed 2', '1 at 50', 'missed 2']);
});

test('a closed line counts nothing more', async () => {
  const { line, clock, wire, told, still } = await lineOf();
  still.longest = WINDOW;
  clock.advance(WINDOW);
  wire.move(1);
  await line.close();
  clock.advance(WINDOW);
  assert.deepEqual(told, ['1 at 25']);
});
