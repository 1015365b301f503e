import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ROOT } from '../support/bundle.ts';

test('shellcheck warns of nothing in the shell scripts', () => {
  const files = ['scripts', 'nginx', '.ci'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => join(folder, name))
      .filter((file) => file.endsWith('.sh') || /^#!.*sh\n/.test(readFileSync(join(ROOT, file), 'utf8'))),
  );
  assert.ok(files.length >= 11, files.join());
  const args = ['--external-sources', '--severity=warning', ...files];
  const { status, stdout, error } = spawnSync('shellcheck', args, { cwd: ROOT, encoding: 'utf8' });
  assert.equal(error, undefined, 'shellcheck is missing: sudo apt-get install shellcheck');
  assert.deepEqual({ status, stdout }, { status: 0, stdout: '' });
});
