import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Results, spreadOf } from '../../bench/results.ts';

const FIGURE = { scenario: 'fan-out', size: '5 streams', server: 'a', metric: 'cpuUs' };

test('the median of three is the middle one, of two what lies between them', () => {
  assert.deepEqual(spreadOf([9, 1, 4]), { median: 4, least: 1, most: 9 });
  assert.deepEqual(spreadOf([3, 1]), { median: 2, least: 1, most: 3 });
  assert.deepEqual(spreadOf([7]), { median: 7, least: 7, most: 7 });
  assert.equal(spreadOf([]), undefined);
});

test('a ratio is that of the same round: a round in which all were slow does not count against one of them', () => {
  const results = new Results();
  add(results, 'a', [10, 80, 11]);
  add(results, 'b', [20, 160, 20]);
  assert.deepEqual(results.spread(FIGURE), { median: 11, least: 10, most: 80 });
  assert.deepEqual(results.ratio(FIGURE, { ...FIGURE, server: 'b' }), {
    median: 0.5,
    least: 0.5,
    most: 0.55,
  });
});

test('a round that one of two did not come through has no ratio', () => {
  const results = new Results();
  add(results, 'a', [1, 2]);
  results.add({ round: 2, scenario: 'fan-out', size: '5 streams', server: 'b', values: { cpuUs: 4 } });
  assert.deepEqual(results.ratio(FIGURE, { ...FIGURE, server: 'b' }), { median: 0.5, least: 0.5, most: 0.5 });
  assert.equal(results.ratio(FIGURE, { ...FIGURE, server: 'c' }), undefined);
});

function add(results: Results, server: string, values: number[]): void {
  for (const [i, cpuUs] of values.entries())
    results.add({ round: i + 1, scenario: 'fan-out', size: '5 streams', server, values: { cpuUs } });
}
