import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { pageWith } from '../../bench/page.ts';
import { plot } from '../../bench/plot.ts';
import { Results } from '../../bench/results.ts';
import { CONTENDERS } from '../../bench/servers/all.ts';
import { xmlProblem } from './wellFormed.ts';

const PAGE = readFileSync(fileURLToPath(new URL('../../docs/performance.md', import.meta.url)), 'utf8');

test('the tables take the place of those before, and the text around them stays', () => {
  const once = pageWith(PAGE, 'the tables of Monday');
  const twice = pageWith(once, '\nthe tables of Tuesday\n\n');
  assert.equal(twice, once.replace('the tables of Monday', 'the tables of Tuesday'));
  const [before, after] = once.split('the tables of Monday');
  assert.ok(PAGE.startsWith(before as string) && PAGE.endsWith(after as string), 'the text is gone');
});

test('a page without a place for them is refused', () => {
  assert.throws(() => pageWith('# Performance\n', 'tables'), /needs the lines/);
});

test('the picture is well formed and names each server with its figures', () => {
  const results = new Results();
  for (const [i, { name }] of CONTENDERS.entries()) {
    for (const [size, cpuUs] of [
      ['100 streams', i + 1],
      ['10,000 streams', 2 * i + 1],
    ] as const)
      results.add({ round: 1, scenario: 'fan-out', size, server: name, values: { cpuUs } });
    results.add({ round: 1, scenario: 'memory', size: '5,000 streams', server: name, values: { kib: i } });
  }
  const svg = plot(results, CONTENDERS);
  assert.equal(xmlProblem(svg), undefined);
  for (const [i, { label }] of CONTENDERS.entries()) {
    const said = `${label}: ${(i + 1).toFixed(2)} with 100, ${(2 * i + 1).toFixed(2)} with 10,000.`;
    assert.ok(svg.includes(said), `it does not say ${said}`);
  }
  assert.equal(svg.match(/<path class="line/g)?.length, CONTENDERS.length);
  assert.equal(svg.match(/<rect /g)?.length, CONTENDERS.length);
});

test('a picture of nothing is well formed too', () => {
  assert.equal(xmlProblem(plot(new Results(), CONTENDERS)), undefined);
});

test('what is not well formed is noticed', () => {
  assert.equal(xmlProblem('<svg><a></svg>'), '</svg> closes what is not open.');
  assert.equal(xmlProblem('<svg>a < b</svg>'), 'A "<" stands alone.');
  assert.equal(xmlProblem('<svg><path d="M1 NaN"/></svg>'), '<path d="M1 NaN"/> has no number.');
});
