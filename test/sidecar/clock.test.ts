import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SystemClock } from '../../src/sidecar/clock.ts';

/** A computer whose date has whole milliseconds and can be set, and whose counter has fractions. */
function computer() {
  const state = { counter: 500.25, date: 1_700_000_000_000.75 };
  const clock = new SystemClock({ now: () => state.counter, date: () => Math.floor(state.date) });
  const pass = (ms: number) => {
    state.counter += ms;
    state.date += ms;
  };
  return { clock, state, pass };
}

test('the wall time has fractions, goes on as the counter does, and never leaves the millisecond of the date', () => {
  const { clock, state, pass } = computer();
  let before = clock.wall();
  for (let i = 0; i < 1000; i++) {
    pass(0.3);
    const wall = clock.wall();
    assert.equal(Math.floor(wall), Math.floor(state.date));
    assert.ok(wall > before);
    before = wall;
  }
  assert.ok(Math.abs(before - state.date) < 0.1, 'it has found where within the millisecond the date is');
});

test('the wall time follows when the date is set', () => {
  const { clock, state } = computer();
  clock.wall();
  state.date += 3_600_000;
  assert.equal(Math.floor(clock.wall()), Math.floor(state.date));
  state.date -= 7_200_000;
  assert.equal(Math.floor(clock.wall()), Math.floor(state.date));
});

test('what was measured becomes wall time by the date of now, the same each time', () => {
  const { clock, state, pass } = computer();
  const measured = clock.now();
  pass(900.5);
  state.date += 86_400_000;
  const wall = clock.wall(measured);
  assert.ok(Math.abs(wall - (state.date - 900.5)) < 1);
  for (let i = 0; i < 10; i++) assert.equal(clock.wall(measured), wall);
});

test('a deadline that is due runs after the input that already waits', async () => {
  const order: string[] = [];
  const { port1, port2 } = new MessageChannel();
  const heard = new Promise<void>((resolve) => {
    port2.onmessage = () => {
      order.push('input');
      resolve();
    };
  });
  const ran = new Promise<void>((resolve) => {
    new SystemClock().after(0, () => {
      order.push('deadline');
      resolve();
    });
  });
  port1.postMessage('edge');
  const start = performance.now();
  while (performance.now() - start < 5);
  await Promise.all([heard, ran]);
  port1.close();
  assert.deepEqual(order, ['input', 'deadline']);
});

test('what is cancelled does not run, neither before nor after its timer', async () => {
  const clock = new SystemClock();
  let ran = false;
  const cancel = clock.after(0, () => {
    ran = true;
  });
  setTimeout(cancel, 0);
  // Both timers are due at once: the first has run and its immediate waits when the second cancels.
  const start = performance.now();
  while (performance.now() - start < 5);
  await new Promise((resolve) => setTimeout(() => setImmediate(resolve), 2));
  assert.equal(ran, false);
});
