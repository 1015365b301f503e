import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Contender } from '../../bench/contender.ts';
import { Results } from '../../bench/results.ts';
import type { Metric, Scenario, Size } from '../../bench/scenario.ts';
import { tablesOf } from '../../bench/table.ts';
import { checklist } from '../../bench/targets.ts';

const CONTENDERS = ['ours', 'nchan', 'front', 'koa-nginx'].map(
  (name): Contender => ({
    name,
    label: name.toUpperCase(),
    behindNginx: name === 'front' || name === 'koa-nginx',
    start: () => Promise.reject(new Error('It is not started.')),
  }),
);
const SIZES = ['5 streams', '1,000 streams'].map(
  (label): Size => ({ label, streams: 5, seconds: 1, measure: () => Promise.resolve({}) }),
);
const METRIC: Metric = { key: 'cpuUs', title: 'µs', digits: 1, against: ['nchan', 'koa-nginx'] };

test('servers are compared with those on their own side of nginx', () => {
  const results = new Results();
  add(results, '5 streams', {
    ours: [5, 6, 7],
    nchan: [10, 10, 10],
    front: [9, 9, 9],
    'koa-nginx': [18, 18, 18],
  });
  add(results, '1,000 streams', { ours: [1_000, 1_000, 1_000], nchan: [4_000, 2_000, 5_000] });
  assert.deepEqual(tablesOf(scenario('servers by sizes'), SIZES, CONTENDERS, results), [
    `| µs | 5 streams | 1,000 streams |
| --- | ---: | ---: |
| OURS | 6.0 | 1000.0 |
| NCHAN | 10.0 | 4000.0 |
| FRONT | 9.0 |  |
| KOA-NGINX | 18.0 |  |`,
    `| µs: against NCHAN | 5 streams | 1,000 streams |
| --- | ---: | ---: |
| OURS | 0.60 (0.50–0.70) | 0.25 (0.20–0.50) |`,
    `| µs: against KOA-NGINX | 5 streams | 1,000 streams |
| --- | ---: | ---: |
| FRONT | 0.50 (0.50–0.50) |  |`,
  ]);
});

test('a table for each size has the ratios in columns of their own', () => {
  const results = new Results();
  add(results, '5 streams', { ours: [5], nchan: [10] });
  assert.deepEqual(tablesOf(scenario('servers by metrics'), SIZES, CONTENDERS, results), [
    `| 5 streams | µs | µs: against NCHAN |
| --- | ---: | ---: |
| OURS | 5.0 | 0.50 (0.50–0.50) |
| NCHAN | 10.0 |  |`,
  ]);
});

test('what grows is compared with what is small', () => {
  const results = new Results();
  add(results, '5 streams', { ours: [5] });
  add(results, '1,000 streams', { ours: [6] });
  const grows = { ...scenario('sizes by metrics'), metrics: [{ ...METRIC, against: 'first size' as const }] };
  assert.deepEqual(tablesOf(grows, SIZES, CONTENDERS, results), [
    `| OURS | µs | µs: against 5 streams |
| --- | ---: | ---: |
| 5 streams | 5.0 |  |
| 1,000 streams | 6.0 | 1.20 (1.20–1.20) |`,
  ]);
});

test('the list of what is wanted says what it is, and whether that is enough; what was not measured is not in it', () => {
  const results = new Results();
  for (const [server, cpuUs] of [
    ['pinstream', 8],
    ['nchan', 10],
    ['loop', 4],
  ] as const)
    results.add({ round: 1, scenario: 'fan-out', size: '1,000 streams', server, values: { cpuUs } });
  for (const [server, perSecond] of [
    ['pinstream', 40],
    ['nchan', 10],
  ] as const)
    results.add({ round: 1, scenario: 'burst', size: '1,000 streams', server, values: { perSecond } });
  assert.deepEqual(
    checklist(results).map(({ label, cells }) => [label, ...cells]),
    [
      ['CPU per delivery, against nchan', '1,000 streams', '≤ 0.90', '0.80 (0.80–0.80)', 'yes'],
      ['CPU per delivery, against the C loop', '1,000 streams', '≤ 1.45', '2.00 (2.00–2.00)', 'no'],
      [
        'Bursts of 16: deliveries per CPU second, against nchan',
        '1,000 streams',
        '≥ 3.00',
        '4.00 (4.00–4.00)',
        'yes',
      ],
    ],
  );
});

function scenario(table: Scenario['table']): Scenario {
  return { name: 'fan-out', title: 'Fan-out', metrics: [METRIC], table, sizes: () => SIZES };
}

function add(results: Results, size: string, values: Readonly<Record<string, number[]>>): void {
  for (const [server, rounds] of Object.entries(values))
    for (const [i, cpuUs] of rounds.entries())
      results.add({ round: i + 1, scenario: 'fan-out', size, server, values: { cpuUs } });
}
