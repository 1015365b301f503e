// Runs a suite: `node scripts/test.mjs SUITE [file …]`. Ends with `N passed, N failed`; what was skipped failed.
import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { prepare } from './prepare.mjs';
import { setup } from './setup.mjs';
import { fail, ROOT } from './steps.mjs';

/** The folders of a suite. What most people run is `unit`; the others need more than a Redis. */
const FOLDERS = {
  unit: ['contract', 'bus', 'app', 'sidecar', 'cli', 'doctor', 'lib', 'browser', 'project'],
  e2e: ['e2e'],
  containers: ['containers'],
  gpio: ['gpio'],
  presses: ['presses'],
  load: ['load'],
  faults: ['faults'],
  bench: ['bench'],
  nodes: ['nodes'],
};

/** What one file may take at most, and each test in it. */
const MOST_MS = {
  e2e: 300_000,
  load: 900_000,
  faults: 300_000,
  gpio: 300_000,
  presses: 900_000,
  containers: 1_200_000,
  bench: 600_000,
  nodes: 600_000,
};

/** What a suite may take at most: its runner waits for ever when something that a test has left behind holds its output. */
const SUITE_MS = 30 * 60_000;

const [suite, ...chosen] = process.argv.slice(2);
if (!FOLDERS[suite]) fail(`Usage: node scripts/test.mjs ${Object.keys(FOLDERS).join('|')} [file …]`);
prepare();
setup(suite);

const files = chosen.length > 0 ? chosen : FOLDERS[suite].flatMap(testsIn).sort();
const folder = mkdtempSync(join(tmpdir(), 'pinstream-test-'));
const tap = join(folder, 'tap');
const broken = join(folder, 'broken');
const strict = pathToFileURL(join(ROOT, 'test/support/strict.mjs'));
const env = {
  ...process.env,
  PATH: `${process.env.PATH}:/usr/local/sbin:/usr/sbin`,
  // Handed on to every process that a test starts.
  NODE_OPTIONS: `--trace-warnings --import ${strict}`,
  PINSTREAM_STRICT_REPORT: broken,
};
const reporters = [
  '--test-reporter=spec',
  '--test-reporter-destination=stdout',
  '--test-reporter=tap',
  `--test-reporter-destination=${tap}`,
];
const most = MOST_MS[suite] ?? 120_000;
/** Files at once: a load has the machine to itself, the bundle has port 80, and of the unit tests much is waiting. */
const AT_ONCE = { load: 1, containers: 1, bench: 1, unit: 3 };
const { status, error } = spawnSync(
  process.execPath,
  [
    '--import',
    'tsx',
    '--test',
    `--test-concurrency=${AT_ONCE[suite] ?? 2}`,
    `--test-timeout=${most}`,
    ...reporters,
    ...files,
  ],
  { cwd: ROOT, stdio: 'inherit', env, timeout: SUITE_MS, killSignal: 'SIGTERM' },
);
const report = readFileSync(tap, 'utf8');
const brokenProcesses = existsSync(broken) ? readFileSync(broken, 'utf8') : '';
rmSync(folder, { recursive: true, force: true });

const counted = (what) => Number(new RegExp(`^# ${what} (\\d+)$`, 'm').exec(report)?.[1] ?? 0);
const passed = counted('pass');
const failed =
  counted('fail') +
  counted('cancelled') +
  counted('skipped') +
  counted('todo') +
  (passed === 0 || error ? 1 : 0) +
  (brokenProcesses === '' ? 0 : 1);
if (brokenProcesses !== '')
  process.stdout.write(`\nProcesses that tests had started broke down:\n\n${brokenProcesses}`);
if (error) process.stdout.write(`\nThe suite did not end within ${SUITE_MS / 60_000} minutes.\n`);
if (process.env.PINSTREAM_TALLY) appendFileSync(process.env.PINSTREAM_TALLY, `${passed} ${failed}\n`);
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exit(failed > 0 ? 1 : (status ?? 1));

function testsIn(name) {
  const below = join(ROOT, 'test', name);
  return readdirSync(below, { recursive: true })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => join('test', name, file));
}
