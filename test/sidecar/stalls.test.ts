import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Delays, LoopDelays } from '../../src/sidecar/loopDelays.ts';
import { STALL_MS, Stalls, TELL_EVERY } from '../../src/sidecar/stalls.ts';
import { FakeClock } from '../support/clock.ts';
import { loggedLines } from '../support/logged.ts';

/** Delays that a test makes up. */
class FakeDelays implements Delays {
  running = false;
  #found: number[] = [];

  start(): void {
    this.running = true;
  }

  stop(): void {
    this.running = false;
  }

  add(...delays: number[]): void {
    this.#found.push(...delays);
  }

  take(least: number): number[] {
    return this.#found.splice(0).filter((delay) => delay > least);
  }
}

function stallsOf(driver = 'onoff') {
  const clock = new FakeClock();
  const delays = new FakeDelays();
  const { log, lines } = loggedLines();
  const stalls = new Stalls({ delays, clock, log, driver: () => driver });
  return { stalls, clock, delays, lines };
}

test('the first stall is told within a second, with what it means and what to do', async () => {
  const { stalls, clock, delays, lines } = stallsOf();
  stalls.start();
  delays.add(312.4);
  await clock.pass(1_000);
  assert.deepEqual(lines, [
    'warn: The sidecar stood still for 312 ms. Presses in that time may be lost, since onoff sees only the last level. If it happens often, give this machine less to do, or set GPIO_DRIVER=gpiomon, with which the kernel keeps them.',
  ]);
  assert.deepEqual([stalls.count, stalls.longest], [1, 312]);
});

for (const [driver, line] of [
  [
    'gpiomon',
    'warn: The sidecar stood still for 60 ms. No press is lost by that: the kernel keeps them, with their times. They only came late.',
  ],
  ['mock', 'debug: The sidecar stood still for 60 ms. Presses of the mock only came late.'],
  ['auto', 'warn: The sidecar stood still for 60 ms. Presses in that time may be lost.'],
] as const) {
  test(`with ${driver} a stall means something else`, async () => {
    const { stalls, clock, delays, lines } = stallsOf(driver);
    stalls.start();
    delays.add(60);
    await clock.pass(1_000);
    assert.deepEqual(lines, [line]);
  });
}

test('a machine that stalls all the time is told of once a minute, with how often and the longest since', async () => {
  const { stalls, clock, delays, lines } = stallsOf('gpiomon');
  stalls.start();
  for (let second = 1; second <= 121; second++) {
    delays.add(60 + second, 51);
    await clock.pass(1_000);
  }
  const meaning = 'No press is lost by that: the kernel keeps them, with their times. They only came late.';
  assert.deepEqual(lines, [
    `warn: The sidecar stood still 2 times, for up to 61 ms. ${meaning}`,
    `warn: The sidecar stood still 120 times, for up to 121 ms. ${meaning}`,
    `warn: The sidecar stood still 120 times, for up to 181 ms. ${meaning}`,
  ]);
  assert.deepEqual([stalls.count, stalls.longest], [242, 181]);
});

test('a quiet minute has no line', async () => {
  const { stalls, clock, delays, lines } = stallsOf();
  stalls.start();
  delays.add(70);
  await clock.pass(TELL_EVERY * 5);
  assert.equal(lines.length, 1);
});

test('the end tells what was not told yet, and measures no more', async () => {
  const { stalls, clock, delays, lines } = stallsOf('gpiomon');
  stalls.start();
  assert.equal(delays.running, true);
  delays.add(80);
  await clock.pass(1_000);
  delays.add(500);
  stalls.stop();
  assert.match(lines[1] ?? '', /^warn: The sidecar stood still for 500 ms\. /);
  assert.deepEqual([delays.running, clock.timers], [false, 0]);
});

/** Keeps everything else in this process from running. */
function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

/** The event loop turns, for longer than the measure needs to notice. */
function turns(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
}

test('what blocks the process for 60 ms is measured, each time by itself, and to some milliseconds', async (t) => {
  const delays = new LoopDelays();
  delays.start();
  t.after(() => delays.stop());
  do await turns();
  while (delays.take(STALL_MS).length > 0);
  for (const ms of [61, 400, 61]) {
    block(ms);
    await turns();
  }
  const [first = 0, ...others] = delays.take(STALL_MS);
  // A machine under load may add to it, and stalls of its own.
  assert.ok(first >= 394, `the longest is ${first}`);
  assert.ok(others.filter((delay) => delay >= 55).length >= 2, `the others are ${others}`);
  assert.deepEqual(
    delays.take(STALL_MS).filter((delay) => delay >= 390),
    [],
  );
});

test('each of those that follow upon one another is measured, also when it is asked after each', async (t) => {
  const delays = new LoopDelays();
  delays.start();
  t.after(() => delays.stop());
  const found: number[] = [];
  for (let i = 0; i < 6; i++) {
    block(300);
    await new Promise((resolve) => setTimeout(resolve, 1));
    await new Promise((resolve) => setImmediate(resolve));
    found.push(...delays.take(STALL_MS));
  }
  await turns();
  found.push(...delays.take(STALL_MS));
  assert.equal(found.filter((delay) => delay >= 290).length, 6, `${found}`);
});

test('what is shorter is none', async (t) => {
  const delays = new LoopDelays();
  delays.start();
  t.after(() => delays.stop());
  await turns();
  delays.take(1_000);
  block(200);
  await turns();
  assert.deepEqual(delays.take(1_000), []);
});
