import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { KernelStamps, kernelNow, kernelPeriod } from '../../src/sidecar/drivers/kernelStamps.ts';
import { FakeClock } from '../support/clock.ts';

/** The kernel's clock is so many milliseconds ahead of ours. */
const AHEAD = 5_000;

/** At 1,000 on our clock; stamps are given on our clock too. */
function stampsOf(window: number) {
  const clock = new FakeClock();
  clock.advance(1_000);
  const stamps = new KernelStamps(clock, () => clock.now() + AHEAD, window);
  return { clock, at: (time: number) => stamps.at(time + AHEAD) };
}

test('the kernel debounces for 5 ms, and not at all where the window is short', () => {
  assert.deepEqual([0, 1, 14, 15, 25, 1_000].map(kernelPeriod), [0, 0, 0, 5, 5, 5]);
});

test('an edge was when the level began to be still', () => {
  const { at } = stampsOf(25);
  assert.deepEqual([at(900), at(980)], [895, 975]);
});

test('where the kernel does not debounce its stamps are true, in whatever order of size they come', () => {
  const { at } = stampsOf(0);
  assert.deepEqual([at(900), at(900.25), at(899), at(990)], [900, 900.25, 900.25, 990]);
});

test('no edge is in the future', () => {
  const { at } = stampsOf(0);
  assert.equal(at(1_000.5), 1_000);
});

test('a clock that is corrected meanwhile changes no distance between edges', () => {
  const { clock, at } = stampsOf(25);
  assert.equal(at(900), 895);
  clock.advance(60_000);
  assert.equal(at(60_900), 60_895);
});

test('a press that lasted for the window is not made shorter by the ticks of the kernel', () => {
  const { at } = stampsOf(25);
  // Heard 20 ms apart, the second one when the window after the first one was over: 895 to 920.
  assert.deepEqual([at(900), at(920)], [895, 920]);
  const shorter = stampsOf(25);
  assert.deepEqual([shorter.at(900), shorter.at(919.5)], [895, 914.5]);
  const longer = stampsOf(25);
  assert.deepEqual([longer.at(900), longer.at(925), longer.at(960)], [895, 920, 955]);
});

test('the clock by which the kernel stamps is the same one in every process', () => {
  const script = 'console.log(Number(process.hrtime.bigint()) / 1e6)';
  const before = kernelNow();
  const other = Number(execFileSync(process.execPath, ['-e', script], { encoding: 'utf8' }));
  const after = kernelNow();
  assert.ok(before < other && other < after, `${other} is not between ${before} and ${after}`);
});

// Only Linux has this file, and only Linux stamps edges.
if (process.platform === 'linux') {
  test('the clock by which the kernel stamps counts from its start, but for the time it slept', () => {
    const now = kernelNow();
    const uptime = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]) * 1000;
    assert.ok(now < uptime + 1_000, `it says ${now} ms, and the kernel runs for ${uptime} ms`);
  });
}
