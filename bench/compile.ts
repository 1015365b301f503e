import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const BUILT = join(FOLDER, '.build');
const FLAGS = ['-O2', '-Wall', '-Wextra', '-Werror'];

/** The path of a C program of the bench's own (`load.c`, and what is in `load/`), compiled if it has changed since. */
export function compiled(name: 'load' | 'loop'): string {
  const files = sourcesOf(name);
  const hash = createHash('sha256').update(FLAGS.join(' '));
  for (const file of files) hash.update(readFileSync(file));
  const built = join(BUILT, `${name}-${hash.digest('hex').slice(0, 16)}`);
  if (existsSync(built)) return built;
  mkdirSync(BUILT, { recursive: true });
  for (const old of readdirSync(BUILT)) if (old.startsWith(`${name}-`)) rmSync(join(BUILT, old));
  const made = `${built}.${process.pid}`;
  const c = files.filter((file) => file.endsWith('.c'));
  const done = spawnSync('cc', [...FLAGS, '-o', made, ...c], { encoding: 'utf8' });
  if (done.error) throw new Error('There is no C compiler: sudo apt-get install gcc libc6-dev');
  if (done.status !== 0) throw new Error(`bench/${name}.c does not compile:\n${done.stderr}`);
  // Whoever compiles at the same time finds it whole, or not at all.
  renameSync(made, built);
  return built;
}

function sourcesOf(name: string): string[] {
  const folder = join(FOLDER, name);
  const beside = existsSync(folder) ? readdirSync(folder).map((file) => join(folder, file)) : [];
  return [join(FOLDER, `${name}.c`), ...beside]
    .filter((file) => /\.[ch]$/.test(file) && existsSync(file))
    .sort();
}
