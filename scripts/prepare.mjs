// Makes a checkout ready to run: installs from the lock file and builds, each only when needed.
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { changed, fail, ROOT, runQuietly } from './steps.mjs';

export function prepare() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    fail(
      `Pinstream needs Node 20.19 or later; this is ${process.version}. Install one from https://nodejs.org`,
    );
  }
  install();
  build();
}

export function install() {
  if (changed('node_modules/.package-lock.json') >= changed('package-lock.json')) return;
  if (lstatSync(join(ROOT, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink())
    fail('node_modules is a link to another folder, which npm would empty: remove the link first.');
  process.stdout.write('Installing what it needs, from the lock file …\n');
  const npm = process.env.npm_execpath;
  const [command, ...before] = npm?.endsWith('.js') ? [process.execPath, npm] : ['npm'];
  // The environment says which npm script is running; an npm inside it shall not be confused by that.
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(lifecycle|package|command)/.test(name)),
  );
  runQuietly(command, [...before, 'ci', '--loglevel=error'], { env });
}

export function build() {
  const newest = Math.max(
    changed('src'),
    changed('tsconfig.json'),
    changed('scripts/build.mjs'),
    changed('package-lock.json'),
  );
  if (changed('dist/.built') >= newest) return;
  process.stdout.write('Building …\n');
  runQuietly(process.execPath, ['scripts/build.mjs']);
}
