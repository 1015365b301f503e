import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';

/** The oldest that package.json allows, and the lines that are kept up after it. */
const NODES = ['20.19', '22', '24', '26'];
/** What leans on how a Node works inside: a stream that lets go of its request, and all that is said on it. */
const FILES = ['detach', 'bareOutput', 'stream', 'bounds'].map((name) => `test/app/${name}.test.ts`);

describe('on each Node that is supported', () => {
  const folder = mkdtempSync(join(tmpdir(), 'pinstream-nodes-'));
  const name = `node-${process.platform}-${process.arch}`;
  before(() => {
    const asked = NODES.map((version) => `node-${version}@npm:${name}@${version}`);
    const { status, stderr } = spawnSync('npm', ['install', '--prefix', folder, ...asked], {
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const version of NODES) {
    test(`streams are as on any other: Node ${version}`, () => {
      const node = join(folder, 'node_modules', `node-${version}`, 'bin/node');
      const run = spawnSync(node, ['--import', 'tsx', '--test', '--test-reporter=tap', ...FILES], {
        encoding: 'utf8',
        // Without what this run hands on to the processes of its own tests.
        env: { ...process.env, NODE_TEST_CONTEXT: undefined },
      });
      assert.equal(
        spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.startsWith(`v${version}.`),
        true,
      );
      assert.equal(run.status, 0, run.stdout + run.stderr);
      assert.match(run.stdout, /^# fail 0$/m);
      assert.match(run.stdout, /^# skipped 0$/m);
      assert.doesNotMatch(run.stdout, /^# pass [0-3]?\d$/m);
    });
  }
});
