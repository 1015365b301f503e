import type { Outcome } from './bench.ts';
import type { Machine } from './machine.ts';
import type { Plan } from './steps.ts';
import { markdown, type Row, tablesOf } from './table.ts';
import { checklist } from './targets.ts';

/** What a run found, in Markdown. */
export function report(
  { scenarios, contenders, scale, rounds }: Plan,
  { results, skipped }: Outcome,
  on: Machine,
  command: string,
): string {
  const parts = [
    `Made by \`${command}\` on ${on.date}: ${on.processor}, ${on.cores} cores, ${on.memoryGiB} GiB; Linux ${on.kernel}, Node ${on.node}, nginx ${on.nginx}, nchan ${on.nchan}, Redis ${on.redis}. ${rounds === 1 ? 'One round' : `Medians of ${rounds} rounds; behind a ratio the least and the most of them`}.`,
  ];
  const wanted = checklist(results);
  if (wanted.length > 0) parts.push('### Wanted', markdown('', ['', 'wanted', 'is', 'reached'], wanted));
  for (const scenario of scenarios) {
    const tables = tablesOf(scenario, scenario.sizes(scale), contenders, results);
    if (tables.length > 0) parts.push(`### ${scenario.title}`, ...tables);
  }
  const own = generatorRows(scenarios, results.all);
  if (own.length > 0) parts.push('### The load generator itself', markdown('', GENERATOR, own));
  if (skipped.length > 0) parts.push(`Not run:\n${skipped.map((line) => `- ${line}`).join('\n')}`);
  return `${parts.join('\n\n')}\n`;
}

const GENERATOR = [
  'CPU µs per delivery, most',
  'the last of a batch was read after, p99 ms, most',
  'sent too late by, p99 ms, most',
];

/** What it was at its worst: the generator must be cheaper than what it measures, and never late. */
function generatorRows(
  scenarios: readonly { readonly name: string; readonly title: string }[],
  all: Outcome['results']['all'],
): Row[] {
  return scenarios.flatMap(({ name, title }) => {
    const most = (key: string, unit: number, digits: number) => {
      const values = all.flatMap(({ scenario, values }) =>
        scenario === name && values[key] !== undefined ? [values[key] / unit] : [],
      );
      return values.length === 0 ? '' : Math.max(...values).toFixed(digits);
    };
    const cells = [most('loadCpuUs', 1, 2), most('loadBatchUs', 1_000, 2), most('loadLateUs', 1_000, 2)];
    return cells.every((cell) => cell === '') ? [] : [{ label: title, cells }];
  });
}
