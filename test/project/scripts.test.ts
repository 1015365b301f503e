import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { freePort } from '../support/freePort.ts';

/** What the scripts for whoever runs the bundle say where no engine is needed, or none is there. */

const SCRIPTS = ['backup', 'pi-setup', 'restore', 'smoke', 'upgrade'] as const;
const FOLDER = fileURLToPath(new URL('../../scripts/', import.meta.url));

const made = mkdtempSync(join(tmpdir(), 'pinstream-scripts-'));
after(() => rmSync(made, { recursive: true }));

/** A folder of programs: what the scripts use anyway, and a docker that behaves as `docker` says, if there is one. */
function programs(name: string, docker?: string, ...without: string[]): string {
  const folder = join(made, name);
  mkdirSync(folder);
  for (const program of ['basename', 'bash', 'cat', 'curl', 'date', 'dirname', 'env', 'id', 'sed']) {
    if (without.includes(program)) continue;
    const { stdout } = spawnSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' });
    symlinkSync(stdout.trim(), join(folder, program));
  }
  if (docker !== undefined) writeFileSync(join(folder, 'docker'), `#!/bin/sh\n${docker}\n`, { mode: 0o755 });
  return folder;
}

function run(script: string, args: readonly string[], path = process.env.PATH) {
  const { status, stdout, stderr } = spawnSync(join(FOLDER, script), args, {
    encoding: 'utf8',
    env: { PATH: path },
  });
  return { status, stdout, stderr };
}

for (const script of SCRIPTS) {
  test(`scripts/${script} -h says what it is for, and needs nothing for that`, () => {
    const { status, stdout, stderr } = run(script, ['-h']);
    assert.deepEqual({ status, stderr }, { status: 0, stderr: '' });
    assert.match(stdout, new RegExp(`^Usage: scripts/${script}[ \\n]`));
    assert.deepEqual(run(script, ['--help']).stdout, stdout);
  });

  test(`scripts/${script} with an option that there is not does nothing, and ends with 64`, () => {
    assert.deepEqual(run(script, ['--no-such']), {
      status: 64,
      stdout: '',
      stderr: `${script}: --no-such is no option: see scripts/${script} -h\n`,
    });
  });
}

describe('without an engine', () => {
  const file = join(made, 'file');
  writeFileSync(file, '');
  const needing = [
    ['backup', []],
    ['restore', [file]],
    ['smoke', []],
    ['upgrade', []],
  ] as const;
  const me = spawnSync('id', ['-un'], { encoding: 'utf8' }).stdout.trim();
  for (const [what, docker, sentence] of [
    ['no docker', undefined, 'docker is not installed: scripts/pi-setup installs it.'],
    [
      'an engine that is stopped',
      'echo "Cannot connect to the Docker daemon at unix:///var/run/docker.sock." >&2; exit 1',
      'the Docker engine does not answer: sudo systemctl start docker; docker version says more.',
    ],
    [
      'a user who may not',
      'echo "permission denied while trying to connect to the Docker daemon socket" >&2; exit 1',
      `you may not talk to Docker. Either run this with sudo, or: sudo usermod -aG docker ${me}, and log in again.`,
    ],
    [
      'no Compose',
      '[ "$1" = version ] && echo 28.5.1',
      'docker has no Compose plugin: scripts/pi-setup installs it.',
    ],
  ] as const) {
    const path = programs(what.replaceAll(' ', '-'), docker);
    for (const [script, args] of needing)
      test(`scripts/${script}, with ${what}, says what to do`, () => {
        assert.deepEqual(run(script, args, path), {
          status: 1,
          stdout: '',
          stderr: `${script}: ${sentence}\n`,
        });
      });
  }
});

test('scripts/smoke, and scripts/upgrade that needs it, say that curl is missing before they do anything', () => {
  const path = programs(
    'no-curl',
    'case "$*" in version*|*config*|*version*) echo 28.5.1 ;; *) echo "$*" >&2 ;; esac',
    'curl',
  );
  for (const script of ['smoke', 'upgrade'])
    assert.deepEqual(run(script, [], path), {
      status: 1,
      stdout: '',
      stderr: `${script}: curl is missing: sudo apt-get install curl\n`,
    });
});

test('scripts/smoke says that nobody answers at an address, and ends with 1', async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const { status, stdout } = run('smoke', [url]);
  assert.match(stdout, new RegExp(`^✗ Nobody answers at ${url}/: `));
  assert.match(stdout, /\n6 of 6 checks failed\.\n$/);
  assert.equal(status, 1);
  assert.equal(
    run('smoke', ['raspberrypi.local']).stderr,
    'smoke: raspberrypi.local is no address like http://raspberrypi.local\n',
  );
});

test('scripts/restore of a file that is not there says so', () => {
  assert.equal(
    run('restore', ['/nowhere.tar.gz']).stderr,
    'restore: /nowhere.tar.gz is not there, or may not be read.\n',
  );
  assert.equal(run('restore', []).stderr, 'restore: which file? See scripts/restore -h\n');
});
