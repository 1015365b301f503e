import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { LineProblem } from './driver.ts';
import { fileGroup } from './fileGroup.ts';
import type { HeaderChip } from './headerChip.ts';

/** What was tried when sysfs or onoff refused. */
export interface Attempt {
  /** `/sys/class/gpio`. */
  readonly root: string;
  /** The name of the pin. */
  readonly name: string;
  readonly gpio: number;
  /** The sysfs number; undefined as long as the chip is not known. */
  readonly number?: number;
  readonly chip?: HeaderChip;
  /** The line was exported before, and not by us. */
  readonly leftover?: boolean;
}

/** How every sentence about a pin begins. */
export function subject({ name, gpio, number }: Attempt): string {
  return `${name} (GPIO ${gpio}${number === undefined ? '' : `, number ${number} of sysfs`})`;
}

/**
 * Errors of sysfs name a number and seldom a file: here they become sentences that say what to do. `file` is the one that was
 * in use, for errors that name none.
 */
export function explain(error: unknown, attempt: Attempt, file: string): LineProblem {
  return error instanceof LineProblem ? error : new LineProblem(sentence(error, attempt, file));
}

/** Those that say something about the file, and not about what is written into it. */
const OF_THE_FILE = ['EACCES', 'EROFS', 'ENOENT', 'ENODEV'];

/** A line did not take a setting. */
export function explainRefused(error: unknown, attempt: Attempt, file: string, value: string): LineProblem {
  const { code = '', message } = error as NodeJS.ErrnoException;
  if (OF_THE_FILE.includes(code)) return explain(error, attempt, file);
  const why = attempt.leftover
    ? 'Another program has opened the line and keeps its settings: end that program, or choose another GPIO in PINS.'
    : 'The kernel refuses that setting: choose another GPIO in PINS, or report this with the model of the board.';
  return new LineProblem(
    `${subject(attempt)} cannot be opened: ${file} does not take "${value}" (${message}). ${why}`,
  );
}

function sentence(error: unknown, attempt: Attempt, used: string): string {
  const { code, path, syscall, message } = error as NodeJS.ErrnoException;
  const file = path ?? used;
  const it = subject(attempt);
  switch (code) {
    case 'ENOENT':
      return `${it} cannot be opened: ${file} does not exist. ${insteadOf(file, attempt)}`;
    case 'EROFS':
      return `${it} cannot be opened: ${file} is read-only. Run the sidecar's container privileged, or set GPIO_DRIVER=gpiomon, which needs only the device ${attempt.chip?.device ?? '/dev/gpiochipN'}.`;
    case 'EPERM':
      if (syscall !== 'write') break;
      return `${it} cannot be set: another program made it an input (${file}). End that program, or choose another GPIO in PINS.`;
    case 'EACCES':
      break;
    case 'EBUSY':
      return `${it} is in use by another program or by the system, says ${file}: end that one (\`gpioinfo\` names it), or choose another GPIO in PINS.`;
    case 'EINVAL':
      return `${it} was refused by ${file}${reckoned(attempt)}: choose another GPIO in PINS, or report this with the model of the board.`;
    case 'ENODEV':
      return `${it} is gone, says ${file}: another program released it, or its chip was removed. It is opened again as soon as possible.`;
    default:
      return `${it} failed at ${file} (${message ?? String(error)}). It is tried again; if that does not help, restart the Pi, or report this with the model of the board.`;
  }
  return `${it} cannot be opened: no permission for ${file}. ${howToGetPermission(file, attempt)}`;
}

/** What to do where there is no GPIO for onoff. */
export function noGpio(root: string): string {
  const devices = devicesOf(root);
  return devices.length > 0
    ? `This kernel has its pins as ${devices.join(', ')}: set GPIO_DRIVER=gpiomon.`
    : 'On a Raspberry Pi a container must be privileged to see its pins; on a machine without pins, set GPIO_DRIVER=mock.';
}

/** onoff could not be loaded. */
export function explainLoad(error: unknown, attempt: Attempt): LineProblem {
  const { code, message } = error as NodeJS.ErrnoException;
  const [reason = ''] = (message ?? String(error)).split('\n');
  const [what, remedy] = notLoaded(code, message);
  // The reason stands before the advice: GPIO_DRIVER=auto tells it without that.
  return new LineProblem(
    `${subject(attempt)} cannot be opened: ${what} (${reason}). ${remedy} Or set GPIO_DRIVER=gpiomon, which needs no addon.`,
  );
}

/** What is wrong and what to do. npm leaves an optional dependency out in silence when it cannot be built, or keeps it unbuilt when scripts are off. */
function notLoaded(code: string | undefined, message = ''): [what: string, remedy: string] {
  if (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND')
    return [
      'the package onoff is not installed, left out by npm with --omit=optional or because its addon could not be built',
      'Install python3, make and g++, run "npm ci" and start again.',
    ];
  if (code === 'ERR_DLOPEN_FAILED' || message.includes('NODE_MODULE_VERSION'))
    return [
      "onoff's addon epoll was built for another Node or another machine",
      'Run "npm rebuild epoll" and start again.',
    ];
  return [
    "onoff's addon epoll was not built",
    'Install python3, make and g++, run "npm rebuild epoll" and start again.',
  ];
}

/** `root` is `/sys/class/gpio`: the same tree has the devices. */
export function deviceFolder(root: string): string {
  return join(root, '../../../dev');
}

function devicesOf(root: string): string[] {
  const folder = deviceFolder(root);
  try {
    const names = readdirSync(folder).filter((name) => /^gpiochip\d+$/.test(name));
    return names.sort().map((name) => join(folder, name));
  } catch {
    return [];
  }
}

/** What to do about a file that is not there: one of a single line tells that there is GPIO, others that there is none. */
function insteadOf(file: string, { root, number }: Attempt): string {
  const folder = join(root, `gpio${number}`);
  if (file === join(folder, 'edge'))
    return 'The chip cannot report edges of this line: choose another GPIO in PINS.';
  if (file.startsWith(folder)) return 'Another program released the line just now: it is tried again.';
  return noGpio(root);
}

function reckoned({ chip, gpio }: Attempt): string {
  return chip ? ` (base ${chip.base} of ${chip.label}, and ${gpio})` : '';
}

function howToGetPermission(file: string, { root, number, leftover }: Attempt): string {
  const group = fileGroup(file);
  const asRoot = 'run the sidecar as root (its container is root, and privileged, as it comes).';
  if (group) return `It belongs to the group ${group.words}: add this user to it, or ${asRoot}`;
  if (leftover && file.startsWith(join(root, `gpio${number}`)))
    return `Another user opened the line: release it (\`echo ${number} | sudo tee ${join(root, 'unexport')}\`), or ${asRoot}`;
  return `It is root's alone: ${asRoot}`;
}
