// The bench, once all that it needs is there: see bench.mjs and `npm run bench -- --help`.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bench } from './bench.ts';
import { compiled } from './compile.ts';
import { type Kept, together } from './kept.ts';
import { machine, SERVER_CORE } from './machine.ts';
import { readOptions, USAGE } from './options.ts';
import { pageWith } from './page.ts';
import { plot } from './plot.ts';
import { report } from './report.ts';
import { SCENARIOS } from './scenarios/all.ts';
import { CONTENDERS } from './servers/all.ts';

const PAGE = fileURLToPath(new URL('../docs/performance.md', import.meta.url));
const PICTURE = fileURLToPath(new URL('../docs/performance.svg', import.meta.url));

/** Whatever the run has started ends with it (`exit`), and its folders with it. */
for (const signal of ['SIGINT', 'SIGHUP'] as const)
  process.on(signal, () => {
    say('Ended before the end: nothing was written.');
    process.exit(130);
  });

const args = process.argv.slice(2);
const options = readOptions(args);
if (options === 'help') {
  process.stdout.write(USAGE);
} else if (typeof options === 'string') {
  process.stderr.write(`bench: ${options}. See npm run bench -- --help\n`);
  process.exitCode = 64;
} else {
  try {
    if (!options.from) {
      compiled('load');
      compiled('loop');
    }
    if (SERVER_CORE === undefined)
      say('This machine has one core: servers and load take turns on it, and pay for one another.');
    process.exitCode = await run(options);
  } catch (error) {
    say(`bench: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}

async function run(asked: Exclude<typeof options, string>): Promise<number> {
  const plan = {
    scenarios: SCENARIOS.filter(({ name }) => asked.scenarios.includes(name)),
    contenders: CONTENDERS.filter(({ name }) => asked.servers.includes(name)),
    scale: { quick: asked.quick, ...(asked.streams && { streams: asked.streams }) },
    rounds: asked.rounds,
  };
  const { outcome, on, command, rounds } = asked.from
    ? together(asked.from)
    : {
        outcome: await bench(plan, say),
        rounds: asked.rounds,
        on: machine(),
        command: `npm run bench${asText(args)}`,
      };
  const text = report({ ...plan, rounds }, outcome, on, command);
  process.stdout.write(`\n${text}`);
  if (asked.quick) say('\nQuick: it all works. These figures mean nothing.');
  if (asked.json !== undefined) {
    const { results, failures, skipped } = outcome;
    const all: Kept = { machine: on, command, results: results.all, failures, skipped };
    writeFileSync(asked.json, `${JSON.stringify(all, null, 1)}\n`);
  }
  if (outcome.failures.length > 0) {
    say(`\nThe run failed:\n${outcome.failures.map((line) => `- ${line}`).join('\n')}`);
    return 1;
  }
  if (asked.write) {
    writeFileSync(PAGE, pageWith(readFileSync(PAGE, 'utf8'), text));
    writeFileSync(PICTURE, plot(outcome.results, CONTENDERS));
    say('\nWritten to docs/performance.md and docs/performance.svg.');
  }
  return 0;
}

/** On the terminal, not in what a pipe gets: that has the tables alone. */
function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Without where its results were written, which is nobody else's business. */
function asText(words: readonly string[]): string {
  const said = words.filter((word, i) => !/^--json(=|$)/.test(word) && words[i - 1] !== '--json');
  return said.length > 0 ? ` -- ${said.join(' ')}` : '';
}
