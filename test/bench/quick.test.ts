import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Result } from '../../bench/results.ts';
import { SCENARIOS } from '../../bench/scenarios/all.ts';
import { CONTENDERS } from '../../bench/servers/all.ts';
import { endsWithUs } from '../support/children.ts';
import { misshapenRows } from './wellFormed.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

test('--quick measures every server in every scenario, and loses and doubles nothing', async (t) => {
  const folder = temporary(t);
  const file = join(temporary(t), 'results.json');
  const run = start(folder, '--quick', '--json', file);
  assert.deepEqual(
    { status: await run.status, last: run.errors().trim().split('\n').at(-1) },
    { status: 0, last: 'Quick: it all works. These figures mean nothing.' },
    run.errors(),
  );

  const { results, failures, skipped } = JSON.parse(readFileSync(file, 'utf8')) as {
    results: Result[];
    failures: string[];
    skipped: string[];
  };
  assert.deepEqual({ failures, skipped }, { failures: [], skipped: [] });
  const wanted = SCENARIOS.flatMap(({ name, servers, sizes }) =>
    sizes({ quick: true }).flatMap(({ label }) =>
      CONTENDERS.filter((one) => servers?.includes(one.name) ?? true).map(
        (one) => `${name}, ${label}: ${one.name}`,
      ),
    ),
  );
  assert.deepEqual(
    results.map(({ scenario, size, server }) => `${scenario}, ${size}: ${server}`),
    wanted,
  );
  for (const { scenario, server, values } of results)
    for (const [key, value] of Object.entries(values))
      assert.ok(Number.isFinite(value), `${scenario}, ${server}: ${key} is ${value}`);

  for (const { title } of SCENARIOS)
    assert.ok(run.output().includes(`\n### ${title}\n`), `nothing is said about ${title}`);
  assert.deepEqual(misshapenRows(run.output()), []);
  await run.gone();
  assert.deepEqual(leftIn(folder), []);
});

test('Ctrl-C amid a run ends all that it has started, and leaves no files', async (t) => {
  const folder = temporary(t);
  const run = start(folder, '--quick', '--only', 'memory', '--servers', 'pinstream-tcp,koa-nginx,loop');
  await run.says('[2 of 3');
  process.kill(-(run.child.pid as number), 'SIGINT');
  assert.equal(await run.status, 130);
  await run.gone();
  assert.deepEqual(leftIn(folder), []);
});

test('what it does not know it says, and starts nothing', async (t) => {
  const run = start(temporary(t), '--only', 'fan-in');
  assert.equal(await run.status, 64);
  const known = SCENARIOS.map(({ name }) => name).join(', ');
  assert.equal(run.errors(), `bench: --only knows ${known}, but not fan-in. See npm run bench -- --help\n`);
});

/** The bench, in a group of processes of its own and with its files in `folder`. */
function start(folder: string, ...args: string[]) {
  const child: ChildProcess = spawn(process.execPath, ['--import', 'tsx', 'bench/main.ts', ...args], {
    cwd: ROOT,
    env: { ...process.env, TMPDIR: folder },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const signal = (name: NodeJS.Signals | 0) => process.kill(-(child.pid as number), name);
  endsWithUs(child, () => signal('SIGKILL'));
  const texts = { output: '', errors: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    texts.output += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    texts.errors += text;
  });
  const isThere = () => {
    try {
      return signal(0);
    } catch {
      return false;
    }
  };
  return {
    child,
    status: once(child, 'close').then(() => child.exitCode),
    output: () => texts.output,
    errors: () => texts.errors,
    async says(text: string) {
      while (!texts.errors.includes(text) && child.exitCode === null)
        await once(child.stderr as NodeJS.ReadableStream, 'data');
    },
    /** Returns when none of its processes is there. What was killed is, until somebody has noticed. */
    async gone() {
      while (isThere()) await new Promise((again) => setTimeout(again, 10));
    },
  };
}

/** But for what tsx keeps of what it has translated. */
function leftIn(folder: string): string[] {
  return readdirSync(folder).filter((name) => !name.startsWith('tsx-'));
}

function temporary(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'pinstream-test-bench-'));
  t.after(() => rmSync(folder, { recursive: true }));
  return folder;
}
