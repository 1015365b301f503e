import { realpathSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import type { Ran } from './gpiodTools.ts';

/** A chip as gpiodetect shows it. */
export interface GpiodChip {
  readonly label: string;
  /** Like `/dev/gpiochip0`. */
  readonly device: string;
  /** How many lines it has. */
  readonly lines: number;
}

export interface SeenChips {
  readonly chips: readonly GpiodChip[];
  /** Devices that may not be opened. */
  readonly refused: readonly string[];
  /** They were refused whatever user and group we are. */
  readonly ruledOut: boolean;
}

/** EPERM: a container has no rule for the device. A missing right of user or group is EACCES, "Permission denied". */
export const RULED_OUT = 'Operation not permitted';

/** Reads gpiodetect's output; undefined when that is no answer. */
export function seenChips({ code, output, errors }: Ran, folder: string): SeenChips | undefined {
  const chips = [...output.matchAll(/^(gpiochip\d+) \[(.*)\] \((\d+) lines\)$/gm)].map(
    ([, name = '', label = '', lines]) => ({ label, device: join(folder, name), lines: Number(lines) }),
  );
  const refusals = /unable to open chip '([^']+)': (?:Permission denied|Operation not permitted)$/gm;
  const refused = [...errors.matchAll(refusals)].map(([, path = '']) => join(folder, basename(path)));
  // With a chip that may not be opened it fails, but tells the others all the same.
  const ruledOut = errors.includes(RULED_OUT);
  return code === 0 || refused.length > 0 ? { chips, refused, ruledOut } : undefined;
}

/** Whether `wanted` means this device: its name, its path, or a link to it, as a Pi 5 has for what its chip was called before. */
export function isDevice(device: string, wanted: string, folder: string): boolean {
  const path = resolve(folder, wanted);
  return path === device || target(path) === target(device);
}

function target(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
