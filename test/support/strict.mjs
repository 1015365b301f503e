// Loaded into every test, and into every process of ours that a test starts: scripts/test.mjs names it in NODE_OPTIONS.
//
// A warning of Node's is a bug that has not hurt anybody yet: a listener that is added with each request, a promise that nobody
// looks after, a function that the next Node will not have. Here it is thrown, in the turn in which it came up: it fails the
// test that runs, or ends the process that a test has started. What ends such a process is also written down, since a test may
// not look at how its process ended; scripts/test.mjs fails for it.
import { appendFileSync } from 'node:fs';
import { dirname, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/**
 * Warnings that are nobody's mistake here, each with the reason. An experimental feature of Node fails too, unless it stands
 * here: what we build on shall not change under us. tsx, through which the tests run, makes Node warn of nothing.
 */
const EXPECTED = [
  // Tests stop the clock with it, and nothing else does; it is stable from Node 23 on.
  { name: 'ExperimentalWarning', said: /^The MockTimers API / },
];

const main = process.argv[1] ?? '';
const isTest = main.endsWith('.test.ts');

/** npm, tsc and the like warn of their own affairs. A program without a file is a test's own (`node -e`). */
const isOurs = isTest || main === '' || isInProject(main);

if (isOurs) {
  process.on('warning', (warning) => {
    if (!EXPECTED.some(({ name, said }) => warning.name === name && said.test(warning.message)))
      throw warning;
  });
}

// The runner tells what fails in a test itself.
const report = process.env.PINSTREAM_STRICT_REPORT;
if (isOurs && !isTest && report) {
  process.on('uncaughtExceptionMonitor', (error, origin) => {
    const what = error instanceof Error ? error.stack : String(error);
    appendFileSync(report, `${origin} in ${process.argv.slice(1).join(' ')}\n${what}\n\n`);
  });
}

function isInProject(file) {
  const path = relative(ROOT, file);
  return path !== '' && !path.startsWith('..') && !path.split(sep).includes('node_modules');
}
