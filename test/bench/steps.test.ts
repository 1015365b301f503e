import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Contender } from '../../bench/contender.ts';
import { MOST_FILES } from '../../bench/machine.ts';
import { Progress } from '../../bench/progress.ts';
import { grouped, type Scenario } from '../../bench/scenario.ts';
import { stepsOf } from '../../bench/steps.ts';

test('the servers take turns, and nobody is always the first', () => {
  const { steps, skipped } = stepsOf({
    scenarios: [scenario([1, 2])],
    contenders: ['a', 'b', 'c'].map((name) => contender(name)),
    scale: { quick: false },
    rounds: 2,
  });
  assert.deepEqual(skipped, []);
  assert.equal(
    steps.map(({ round, size, contender: { name } }) => `${round}/${size.label}${name}`).join(' '),
    '1/1a 1/1b 1/1c 1/2a 1/2b 1/2c 2/1b 2/1c 2/1a 2/2b 2/2c 2/2a',
  );
});

test('what needs more open files than there may be is left out, and said once', () => {
  const streams = MOST_FILES - 200;
  const { steps, skipped } = stepsOf({
    scenarios: [scenario([streams])],
    contenders: [contender('direct'), contender('behind', true)],
    scale: { quick: false },
    rounds: 3,
  });
  assert.deepEqual(
    steps.map((step) => step.contender.name),
    ['direct', 'direct', 'direct'],
  );
  assert.deepEqual(skipped, [
    `BEHIND with ${grouped(streams)} streams: it may open ${grouped(MOST_FILES)} files, and would need ${grouped(streams * 2 + 200)}.`,
  ]);
});

test('what is left is told by what the same took before, and else by how wrong the guesses were', () => {
  const progress = new Progress([
    { key: 'a', seconds: 10 },
    { key: 'b', seconds: 20 },
    { key: 'a', seconds: 10 },
  ]);
  assert.deepEqual([progress.place, progress.text], ['1 of 3', '40 s left']);
  progress.step(30);
  assert.deepEqual([progress.place, progress.text], ['2 of 3', '2 min left']);
  progress.step(5);
  assert.deepEqual([progress.place, progress.text], ['3 of 3', '30 s left']);
});

function contender(name: string, behindNginx = false): Contender {
  return {
    name,
    label: name.toUpperCase(),
    behindNginx,
    start: () => Promise.reject(new Error('It is not started.')),
  };
}

function scenario(streams: readonly number[]): Scenario {
  return {
    name: 'fan-out',
    title: 'Fan-out',
    metrics: [],
    table: 'servers by sizes',
    sizes: () =>
      streams.map((count) => ({
        label: String(count),
        streams: count,
        seconds: 1,
        measure: () => Promise.resolve({}),
      })),
  };
}
