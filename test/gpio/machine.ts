import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { endsWithUs } from '../support/children.ts';
import type { Report } from './guest/checks.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** What a failure shows of what the machine printed last. */
const LAST_LINES = 40;

/**
 * Boots a real kernel with simulated pins, runs a program of `guest/` in it, and makes a test of each check that it reports. A
 * machine that crashes, hangs, or ends before its program's last line fails besides.
 */
export async function testInMachine(
  t: TestContext,
  /** How long it may take, on this machine's clock. */
  seconds: number,
  program: string,
  ...args: string[]
): Promise<void> {
  const folder = makeFolder();
  const removeFolder = () => rmSync(folder, { recursive: true, force: true });
  t.after(removeFolder);
  const command = ['node', `test/gpio/guest/${program}.js`, ...args];
  const machine: ChildProcessByStdio<null, Readable, Readable> = endsWithUs(
    spawn(join(ROOT, 'scripts/gpio-vm'), ['--seconds', String(seconds), folder, ...command], {
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
    () => {
      machine.kill('SIGTERM');
      removeFolder();
    },
  );
  const over = once(machine, 'close');
  const said: string[] = [];
  machine.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text.trimEnd()));
  let ended = false;
  let checks = 0;
  for await (const line of createInterface(machine.stdout)) {
    if (line.startsWith('check ')) {
      checks++;
      await testOf(t, JSON.parse(line.slice(6)) as Report);
    } else if (line.startsWith('note ')) t.diagnostic(line.slice(5));
    else if (line === 'end') ended = true;
    else said.push(line);
  }
  const [status] = await over;
  if (status === 0 && ended && checks > 0) return;
  throw new Error(
    `The machine ended with ${status} after ${checks} checks. Its last lines:\n${said.slice(-LAST_LINES).join('\n')}`,
  );
}

async function testOf(t: TestContext, { title, error }: Report): Promise<void> {
  await t.test(title, () => {
    // The lines of the machine's programs, not of this one.
    if (error !== undefined) throw Object.assign(new Error(error), { stack: error });
  });
}

/** What the machine gets: the build, what it needs to run and nothing besides, and the guest's programs compiled. */
function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pinstream-gpio-'));
  const { packages } = JSON.parse(readFileSync(join(ROOT, 'node_modules/.package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>;
  };
  const needed = Object.entries(packages).filter(([, { dev }]) => !dev);
  for (const name of ['package.json', 'dist', ...needed.map(([name]) => name)]) {
    cpSync(join(ROOT, name), join(folder, name), { recursive: true, filter: isOfUse });
  }
  const guest = join(ROOT, 'test/gpio/guest/tsconfig.json');
  execFileSync(join(ROOT, 'node_modules/.bin/tsc'), ['-p', guest, '--outDir', folder], { stdio: 'inherit' });
  return folder;
}

/** All but what a build of an addon leaves beside it. */
function isOfUse(path: string): boolean {
  return !/\/build\/Release\/(obj|\.deps)/.test(path);
}
