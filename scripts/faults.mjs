// Makes things go wrong at random, and compares what was acknowledged with what everybody heard:
// `npm run test:faults -- [--minutes 3] [--seed N] [--every MILLISECONDS] [--without kill,pause] [--keep FOLDER]`.
// Ends with `N passed, N failed`: the tests of the judge, and the run itself as one.
import { spawnSync } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { follow, ROOT } from './steps.mjs';

const args = process.argv.slice(2);
const tests = spawnSync(process.execPath, ['scripts/test.mjs', 'faults'], { cwd: ROOT, stdio: 'inherit' });
if (tests.status !== 0) process.exit(1);

const status = await follow(process.execPath, ['--import', 'tsx', 'test/faults/main.ts', ...args]);
const [passed, failed] = status === 0 ? [1, 0] : [0, 1];
if (process.env.PINSTREAM_TALLY) appendFileSync(process.env.PINSTREAM_TALLY, `${passed} ${failed}\n`);
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exit(status);
