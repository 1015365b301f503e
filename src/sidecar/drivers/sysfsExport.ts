import { accessSync, closeSync, constants, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../clock.ts';
import type { LineRequest } from './driver.ts';
import { type Attempt, explain, explainRefused } from './sysfsProblems.ts';

/** On a Pi udev gives a new line's files to their group, some time after it was exported. */
export const ACCESS_WAIT = 1_000;
const ACCESS_EVERY = 20;

/**
 * Exports a line, unless it is; answers whether it was. onoff could do this too, but it makes a file of the name `export`
 * where there is none, and while it waits for permission it blocks everything, for up to three seconds.
 */
export function exportLine(attempt: Attempt & { readonly number: number }): 'exported' | 'leftover' {
  const { root, number } = attempt;
  // Asked for a leftover too: without permission here the line could not be released, nor taken again.
  checkExport(attempt);
  if (existsSync(join(root, `gpio${number}`))) return 'leftover';
  const file = join(root, 'export');
  try {
    write(file, String(number));
    return 'exported';
  } catch (error) {
    throw explain(error, attempt, file);
  }
}

/** Whether lines can be exported here at all; throws a LineProblem. */
export function checkExport(attempt: Attempt): void {
  const file = join(attempt.root, 'export');
  try {
    accessSync(file, constants.W_OK);
  } catch (error) {
    throw explain(error, attempt, file);
  }
}

/** The files of a line that are used. An output has `edge` only where the chip can report edges. */
export function filesOf(
  attempt: Attempt & { readonly number: number },
  { direction }: LineRequest,
): string[] {
  const edge = direction === 'in' || existsSync(fileOf(attempt, 'edge')) ? ['edge'] : [];
  return ['value', 'direction', 'active_low', ...edge];
}

/**
 * Sets up a line that is exported. onoff does that too, but ignores what it could not set: the line would be deaf, or the wrong
 * way round. And a line that onoff has opened can only be closed by unexporting it, which takes it from a program that keeps it.
 */
export function configureLine(attempt: Attempt & { readonly number: number }, request: LineRequest): void {
  const input = request.direction === 'in';
  // The kernel makes no output of a line that reports edges, as one may that was an input of the run before.
  if (!input && filesOf(attempt, request).includes('edge')) set(attempt, 'edge', 'none');
  set(attempt, 'active_low', '0');
  set(attempt, 'direction', input ? 'in' : request.level === 1 ? 'high' : 'low');
  if (input) set(attempt, 'edge', 'both');
}

function set(attempt: Attempt & { readonly number: number }, name: string, value: string): void {
  const file = fileOf(attempt, name);
  let said: string;
  try {
    write(file, value);
    said = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw explainRefused(error, attempt, file, value);
  }
  // What was made an output does not say at which level.
  const done = value === 'high' || value === 'low' ? said !== 'in' : said === value;
  if (!done) throw explainRefused(new Error(`it says "${said}"`), attempt, file, value);
}

function fileOf({ root, number }: { root: string; number: number }, name: string): string {
  return join(root, `gpio${number}`, name);
}

/** Lets go of a line. That it is gone already is no news. */
export function unexportLine({ root, number }: { root: string; number: number }): void {
  if (!existsSync(join(root, `gpio${number}`))) return;
  try {
    write(join(root, 'unexport'), String(number));
  } catch {}
}

/** Resolves when a line's files may be used. On one that was exported just now that takes a while; on a leftover it never comes. */
export async function untilAccessible(
  attempt: Attempt & { readonly number: number },
  files: readonly string[],
  clock: Clock,
  wait: number,
  access: typeof accessSync = accessSync,
): Promise<void> {
  const until = clock.now() + wait;
  for (const name of files) {
    const file = fileOf(attempt, name);
    while (!permitted(file, attempt, access, clock.now() < until)) {
      await new Promise<void>((resolve) => clock.after(ACCESS_EVERY, resolve));
    }
  }
}

function permitted(file: string, attempt: Attempt, access: typeof accessSync, mayCome: boolean): boolean {
  try {
    access(file, constants.R_OK | constants.W_OK);
    return true;
  } catch (error) {
    if (mayCome && (error as NodeJS.ErrnoException).code === 'EACCES') return false;
    throw explain(error, attempt, file);
  }
}

/** Never makes the file. */
function write(file: string, text: string): void {
  const fd = openSync(file, constants.O_WRONLY);
  try {
    writeSync(fd, text);
  } finally {
    closeSync(fd);
  }
}
