import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { endsWithUs } from '../support/children.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What `npm test` says of test files like these. */
async function suiteOf(files: Readonly<Record<string, string>>): Promise<{ code: number; said: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'pinstream-strict-'));
  const paths = Object.keys(files).map((name) => join(folder, `${name}.test.ts`));
  for (const [name, code] of Object.entries(files)) {
    await writeFile(join(folder, `${name}.test.ts`), `import { test } from 'node:test';\n${code}`);
  }
  // As somebody types it: not as a part of this run.
  const { NODE_TEST_CONTEXT: _, PINSTREAM_TALLY: __, NODE_OPTIONS: ___, ...env } = process.env;
  const child = endsWithUs(
    spawn(process.execPath, ['scripts/test.mjs', 'unit', ...paths], { cwd: ROOT, env }),
  );
  let said = '';
  for (const output of [child.stdout, child.stderr]) {
    output.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const [code] = (await once(child, 'close')) as [number];
  await rm(folder, { recursive: true, force: true });
  return { code, said };
}

const PASSES = `test('is fine', () => {});\n`;

test('a suite without mistakes passes', async () => {
  const { code, said } = await suiteOf({ fine: PASSES });
  assert.equal(code, 0, said);
  assert.match(said, /\n1 passed, 0 failed\n$/);
});

test('a warning of Node fails the test in which it comes up, with its stack', async () => {
  const { code, said } = await suiteOf({
    leak: `${PASSES}
      import { EventEmitter } from 'node:events';
      test('leaks', async () => {
        const emitter = new EventEmitter();
        for (let i = 0; i < 11; i++) emitter.on('x', () => {});
        await new Promise(setImmediate);
      });
      test('is deprecated', async () => {
        process.emitWarning('use another one', 'DeprecationWarning', 'DEP9999');
        await new Promise(setImmediate);
      });`,
  });
  assert.equal(code, 1, said);
  assert.match(
    said,
    /✖ leaks .*\n.*MaxListenersExceededWarning: .* 11 x listeners .*\n(?: +at .*\n)*.*leak\.test\.ts:7:/,
  );
  assert.match(
    said,
    /✖ is deprecated .*\n.*DeprecationWarning: use another one\n(?: +at .*\n)*.*leak\.test\.ts:11:/,
  );
  assert.match(said, /\n1 passed, 2 failed\n$/);
});

test('so does a promise that nobody looks after', async () => {
  const { code, said } = await suiteOf({
    forgotten: `${PASSES}
      test('forgets', async () => {
        void Promise.reject(new Error('nobody looked'));
        await new Promise(setImmediate);
      });`,
  });
  assert.equal(code, 1, said);
  assert.match(said, /✖ forgets .*\n.*Error: nobody looked\n(?: +at .*\n)*.*forgotten\.test\.ts:5:/);
  assert.match(said, /\n1 passed, 1 failed\n$/);
});

test('what comes after the end of its test fails the file', async () => {
  const { code, said } = await suiteOf({
    late: `test('ends too early', () => void setTimeout(() => process.emitWarning('too late'), 20));`,
  });
  assert.equal(code, 1, said);
  assert.match(said, /Warning: too late\n(?: +at .*\n)*.*late\.test\.ts:2:/);
  assert.doesNotMatch(said, /\n1 passed, 0 failed\n$/);
});

test('a process that a test starts ends at a warning, and fails the suite though the test does not look', async () => {
  const { code, said } = await suiteOf({
    parent: `
      import { spawn } from 'node:child_process';
      import { once } from 'node:events';
      for (const program of ["process.emitWarning('leaks')", "Promise.reject(new Error('nobody looked'))"]) {
        test(program, () => once(spawn(process.execPath, ['-e', program]), 'close'));
      }`,
  });
  assert.equal(code, 1, said);
  assert.match(said, /Processes that tests had started broke down:\n/);
  assert.match(said, /\nWarning: leaks\n +at \[eval\]:1:9\n/);
  assert.match(said, /\nError: nobody looked\n +at \[eval\]:1:16\n/);
  assert.match(said, /\n2 passed, 1 failed\n$/);
});

test('a test that the runner ends leaves no process behind that holds its output', async () => {
  const { code, said } = await suiteOf({
    ended: `
      import { spawn } from 'node:child_process';
      import { endsWithUs } from '${new URL('../support/children.ts', import.meta.url).href}';
      test('takes too long', async () => {
        endsWithUs(spawn('sleep', ['1000'], { stdio: 'inherit' }));
        process.kill(process.pid, 'SIGTERM');
        await new Promise((done) => setTimeout(done, 1_000_000));
      });`,
  });
  assert.equal(code, 1, said);
  assert.match(said, /\n0 passed, 2 failed\n$/);
});
