import { existsSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LineProblem } from './driver.ts';
import { isDevice } from './gpiodChip.ts';
import { type Attempt, deviceFolder, explain, noGpio, subject } from './sysfsProblems.ts';

/** The chip that the pins are of, as sysfs shows it. */
export interface HeaderChip {
  readonly label: string;
  /** Its directory, like `gpiochip512`. */
  readonly directory: string;
  /** Its device, like `/dev/gpiochip0`; undefined where sysfs does not tell. */
  readonly device: string | undefined;
  /** The number of its first line. It differs by board and kernel (0, 399, 512, 571 …), so it is always looked up. */
  readonly base: number;
  /** How many lines it has. */
  readonly ngpio: number;
}

/** Those behind the header of a Raspberry Pi: up to the Pi 3, the Pi 4, the Pi 5. */
export const LABELS: readonly string[] = ['pinctrl-bcm2835', 'pinctrl-bcm2711', 'pinctrl-rp1'];

/**
 * The header's chip, or the wanted one: by label, device or directory. If several have the label, all of them come, the one
 * to take first. Throws a LineProblem when there is none.
 */
export function findChips(attempt: Attempt, wanted?: string): [HeaderChip, ...HeaderChip[]] {
  const chips = listChips(attempt);
  const [first, ...others] = wanted === undefined ? ofHeader(chips) : named(chips, attempt.root, wanted);
  if (first) return [first, ...others];
  throw new LineProblem(`${subject(attempt)} cannot be opened: ${whyNone(chips, attempt.root, wanted)}`);
}

/** The sysfs number of a BCM number. Throws a LineProblem when the chip has no such line. */
export function lineNumber(attempt: Attempt, chip: HeaderChip): number {
  if (attempt.gpio < chip.ngpio) return chip.base + attempt.gpio;
  throw new LineProblem(
    `${subject(attempt)} does not exist: ${worded(chip)} has ${chip.ngpio} lines, 0 to ${chip.ngpio - 1}. Choose another GPIO in PINS.`,
  );
}

/** A chip with all the names that GPIO_CHIP takes. */
export function worded({ label, directory, device }: HeaderChip): string {
  return `${label} (${device ? `${device}, ` : ''}${directory})`;
}

function ofHeader(chips: readonly HeaderChip[]): HeaderChip[] {
  return chips.filter(({ label }) => LABELS.includes(label));
}

/**
 * The device goes before the directory: gpiochip0 can be the name of one chip's device and of another chip's directory, and
 * the other drivers know devices only.
 */
function named(chips: readonly HeaderChip[], root: string, wanted: string): HeaderChip[] {
  const byLabel = chips.filter(({ label }) => label === wanted);
  if (byLabel.length > 0) return byLabel;
  const byDevice = chips.filter(({ device }) => device && isDevice(device, wanted, deviceFolder(root)));
  return byDevice.length > 0 ? byDevice : chips.filter(({ directory }) => directory === wanted);
}

function whyNone(chips: readonly HeaderChip[], root: string, wanted: string | undefined): string {
  // Kernels without the old interface have directories chip0, chip1 … only.
  if (chips.length === 0 && existsSync(root) && readdirSync(root).some((name) => /^chip\d+$/.test(name)))
    return `this kernel has no ${join(root, 'export')} any more, which onoff needs. Set GPIO_DRIVER=gpiomon.`;
  if (chips.length === 0) return `${root} shows no GPIO chip. ${noGpio(root)}`;
  const found = chips.map(worded).join(', ');
  return wanted === undefined
    ? `no chip in ${root} is the one of a Raspberry Pi's header (${LABELS.join(', ')}), there is only ${found}. If the pins are of that one, set GPIO_CHIP to its label.`
    : `GPIO_CHIP is ${wanted}, and ${root} shows no such chip, only ${found}. Correct GPIO_CHIP, or leave it out for the header of a Raspberry Pi.`;
}

/** In the order of their bases. */
function listChips(attempt: Attempt): HeaderChip[] {
  const { root } = attempt;
  try {
    // Newer kernels also have chip0, which is numbered otherwise.
    const names = readdirSync(root).filter((name) => /^gpiochip\d+$/.test(name));
    const chips = names.flatMap((directory) => readChip(root, directory) ?? []);
    chips.sort((a, b) => a.base - b.base);
    const devices = devicesOf(root);
    return chips.map(({ parent, ...chip }) => {
      // A parent that has several chips numbers both their devices and their bases in the same order.
      const siblings = chips.filter((other) => other.parent === parent);
      const position = siblings.findIndex(({ directory }) => directory === chip.directory);
      return { ...chip, device: parent && devices.get(parent)?.[position] };
    });
  } catch (error) {
    throw explain(error, attempt, root);
  }
}

type ReadChip = Omit<HeaderChip, 'device'> & { readonly parent: string | undefined };

/** undefined: it is gone, just now. */
function readChip(root: string, directory: string): ReadChip | undefined {
  const read = (file: string) => readFileSync(join(root, directory, file), 'utf8').trim();
  try {
    const parent = quietly(() => realpathSync(join(root, directory, 'device')));
    return {
      label: read('label'),
      directory,
      base: Number(read('base')),
      ngpio: Number(read('ngpio')),
      parent,
    };
  } catch (error) {
    if (['ENOENT', 'ENODEV'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

/** The devices of each parent, by number. They hang beside the chips' directories: both are children of what drives them. */
function devicesOf(root: string): Map<string, string[]> {
  const bus = join(root, '../../bus/gpio/devices');
  const names = (quietly(() => readdirSync(bus)) ?? []).filter((name) => /^gpiochip\d+$/.test(name));
  names.sort((a, b) => Number(a.slice(8)) - Number(b.slice(8)));
  const devices = new Map<string, string[]>();
  for (const name of names) {
    const parent = quietly(() => dirname(realpathSync(join(bus, name))));
    if (parent) devices.set(parent, [...(devices.get(parent) ?? []), join(deviceFolder(root), name)]);
  }
  return devices;
}

function quietly<T>(run: () => T): T | undefined {
  try {
    return run();
  } catch {
    return undefined;
  }
}
