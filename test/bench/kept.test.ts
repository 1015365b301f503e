import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { together } from '../../bench/kept.ts';

test('what two runs have kept reads as one', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'pinstream-kept-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const files = ['burst', 'raw'].map((scenario, i) => {
    const file = join(folder, scenario);
    const result = { round: i + 1, scenario, size: 'all', server: 'pinstream', values: { perSecond: 2 } };
    const kept = {
      machine: { cores: 2 },
      command: `bench ${scenario}`,
      results: [result],
      failures: [],
      skipped: ['x'],
    };
    writeFileSync(file, JSON.stringify(kept));
    return file;
  });
  const { outcome, on, command, rounds } = together(files);
  assert.equal(command, 'bench burst` and `bench raw');
  assert.deepEqual(
    outcome.results.all.map(({ scenario }) => scenario),
    ['burst', 'raw'],
  );
  assert.deepEqual([outcome.failures, outcome.skipped, rounds, on], [[], ['x'], 2, { cores: 2 }]);
});
