import { readFileSync } from 'node:fs';
import type { Outcome } from './bench.ts';
import type { Machine } from './machine.ts';
import { type Result, Results } from './results.ts';

/** What `--json` writes. */
export interface Kept {
  readonly machine: Machine;
  readonly command: string;
  readonly results: readonly Result[];
  readonly failures: readonly string[];
  readonly skipped: readonly string[];
}

/** What several runs have found, as if it had been one: on one machine, each of something else. */
export function together(files: readonly string[]): {
  outcome: Outcome;
  on: Machine;
  command: string;
  rounds: number;
} {
  const all = files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as Kept);
  const [first] = all;
  if (first === undefined) throw new Error('No file of results was named.');
  const results = new Results();
  for (const result of all.flatMap((one) => one.results)) results.add(result);
  return {
    outcome: {
      results,
      failures: all.flatMap(({ failures }) => failures),
      skipped: [...new Set(all.flatMap(({ skipped }) => skipped))],
    },
    on: first.machine,
    rounds: Math.max(1, ...results.all.map(({ round }) => round)),
    command: all.map(({ command }) => command).join('` and `'),
  };
}
