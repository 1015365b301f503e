import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { StoodStill } from '../../src/sidecar/drivers/stoodStill.ts';
import { FakeClock } from '../support/clock.ts';

/** Stands still for so long. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

test('a stall is known as soon as the loop turns again, and forgotten after two seconds', async (t) => {
  const clock = new FakeClock();
  const still = new StoodStill(clock);
  t.after(() => still.stop());
  still.start();
  assert.equal(still.longest, 0);
  // The first turn is the one that others are measured from.
  await sleep(30);
  block(500);
  await sleep(30);
  const { longest } = still;
  assert.ok(longest >= 480, `it stood still for ${longest} ms`);
  clock.advance(1_000);
  assert.equal(still.longest, longest);
  await sleep(30);
  clock.advance(1_000);
  assert.ok(still.longest < longest, `${still.longest} is not forgotten`);
});

test('who starts it twice measures once, and who stops it has no timer left', () => {
  const clock = new FakeClock();
  const still = new StoodStill(clock);
  still.start();
  still.start();
  assert.equal(clock.timers, 1);
  still.stop();
  assert.equal(clock.timers, 0);
});
