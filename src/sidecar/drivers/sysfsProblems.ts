import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { LineProblem } from './driver.ts';
import type { HeaderChip } from './headerChip.ts';

/** What was tried when sysfs or onoff refused. */
export interface Attempt {
  readonly root: string;
  readonly gpio?: number;
  /** The sysfs number. */
  readonly number?: number;
  readonly chip?: HeaderChip;
}

export const NO_GPIO =
  'On a Raspberry Pi a container must be privileged to see it; on a machine without pins, set GPIO_DRIVER=mock.';

/** Errors of sysfs name a number and seldom a file: here they become sentences that say what to do. */
export function explain(error: unknown, attempt: Attempt): LineProblem {
  if (error instanceof LineProblem) return error;
  const { code, path, message } = error as NodeJS.ErrnoException;
  const file = path ?? join(attempt.root, 'export');
  switch (code) {
    case 'ENOENT':
      // A file of a single line is missing, so there is GPIO: the line came and went, or can't report edges.
      if (path?.startsWith(join(attempt.root, 'gpio'))) break;
      return new LineProblem(`There is no GPIO here: ${file} does not exist. ${NO_GPIO}`);
    case 'EROFS':
      return new LineProblem(`There is no GPIO for writing here: ${file} is read-only. ${NO_GPIO}`);
    case 'EACCES':
    case 'EPERM':
      return new LineProblem(`No permission for ${file}: ${howToGetPermission(file)}`);
    case 'EBUSY':
      return new LineProblem(
        `${line(attempt)} is in use by another program or by the system: end that one (\`gpioinfo\` names it), or choose another GPIO in PINS.`,
      );
    case 'EINVAL':
      return new LineProblem(
        `The kernel refused ${line(attempt)}${tried(attempt)}: choose another GPIO in PINS, or report this with the model of the board.`,
      );
    case 'ENODEV':
      return new LineProblem(
        `${line(attempt)} is gone: another program released it, or its chip was removed. It is opened again as soon as possible.`,
      );
  }
  return new LineProblem(`${line(attempt)} failed: ${message}.`);
}

/** onoff could not be loaded. */
export function explainLoad(error: unknown): LineProblem {
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = (message ?? String(error)).split('\n')[0];
  return new LineProblem(
    `The onoff driver could not be loaded (${code ?? 'error'}: ${reason}): its addon epoll was not built. Install python3, make and g++, run "npm rebuild epoll" and start again.`,
  );
}

function line({ gpio, number }: Attempt): string {
  if (gpio === undefined) return 'GPIO';
  return number === undefined ? `GPIO ${gpio}` : `GPIO ${gpio} (number ${number} of sysfs)`;
}

function tried({ chip, gpio }: Attempt): string {
  return chip ? `, which is base ${chip.base} of ${chip.label} and ${gpio}` : '';
}

function howToGetPermission(file: string): string {
  const group = groupOf(file);
  const member = group ? `it belongs to the group ${group}, so add this user to it` : 'run it as root';
  return `${member}, or run the sidecar's container as it comes, as root and privileged.`;
}

function groupOf(file: string): string | undefined {
  try {
    const gid = statSync(file).gid;
    if (gid === 0) return undefined;
    const lines = readFileSync('/etc/group', 'utf8').split('\n');
    const name = lines.map((text) => text.split(':')).find((fields) => fields[2] === String(gid))?.[0];
    return name ? `${name} (${gid})` : String(gid);
  } catch {
    return undefined;
  }
}
