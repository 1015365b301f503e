// What the other scripts are made of: run a command, and find out what is there already.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Runs a command to its end; ends this process with its status if it fails. */
export function run(command, args, options = {}) {
  const done = spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', ...options });
  if (done.error) fail(`${command}: ${done.error.message}`);
  if (done.status !== 0) process.exit(done.status ?? 1);
}

/** Runs a command whose output nobody needs unless it fails. */
export function runQuietly(command, args, options = {}) {
  const done = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8', ...options });
  if (done.error || done.status !== 0) {
    process.stderr.write(`${done.stdout ?? ''}${done.stderr ?? ''}`);
    fail(`${command} ${args.join(' ')} failed${done.error ? `: ${done.error.message}` : ''}`);
  }
}

/** A program that runs until it ends or this one is told to end; signals are handed on. */
export function follow(command, args, options = {}) {
  const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit', ...options });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  return new Promise((done) => child.on('exit', (code, signal) => done(code ?? (signal ? 1 : 0))));
}

export function fail(sentence) {
  process.stderr.write(`${sentence}\n`);
  process.exit(1);
}

export function hasProgram(name) {
  return spawnSync('sh', ['-c', `command -v ${name}`], { stdio: 'ignore' }).status === 0;
}

/** The newest change below a folder or of a file; 0 when it isn't there. */
export function changed(path) {
  const whole = join(ROOT, path);
  if (!existsSync(whole)) return 0;
  const stat = statSync(whole);
  if (!stat.isDirectory()) return stat.mtimeMs;
  const below = readdirSync(whole, { recursive: true }).map((name) => statSync(join(whole, name)).mtimeMs);
  return Math.max(stat.mtimeMs, ...below);
}
