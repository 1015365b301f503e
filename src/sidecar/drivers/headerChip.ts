import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LineProblem } from './driver.ts';
import { explain, NO_GPIO } from './sysfsProblems.ts';

/** The chip behind the header of a Raspberry Pi, as sysfs shows it. */
export interface HeaderChip {
  readonly label: string;
  /** The number of its first line. It differs by board and kernel (0, 399, 512, 571 …), so it is always looked up. */
  readonly base: number;
  /** How many lines it has. */
  readonly ngpio: number;
}

/** Up to the Pi 3, the Pi 4, the Pi 5. */
const LABELS = ['pinctrl-bcm2835', 'pinctrl-bcm2711', 'pinctrl-rp1'];

/** Throws a LineProblem when there is none. */
export function findHeaderChip(root: string): HeaderChip {
  const chips = listChips(root);
  const header = chips.find(({ label }) => LABELS.includes(label));
  if (header) return header;
  if (chips.length === 0) throw new LineProblem(`${root} shows no GPIO chip: ${NO_GPIO}`);
  const found = chips.map(({ label }) => label).join(', ');
  throw new LineProblem(
    `No GPIO chip of a Raspberry Pi's header is in ${root} (${LABELS.join(', ')}), only ${found}: this board is not supported by the onoff driver.`,
  );
}

/** The sysfs number of a BCM number. Throws a LineProblem when the chip has no such line. */
export function lineNumber(chip: HeaderChip, gpio: number): number {
  if (gpio < chip.ngpio) return chip.base + gpio;
  throw new LineProblem(
    `GPIO ${gpio} does not exist: ${chip.label} has ${chip.ngpio} lines, 0 to ${chip.ngpio - 1}. Choose another one in PINS.`,
  );
}

function listChips(root: string): HeaderChip[] {
  try {
    // Newer kernels also have chip0, which is numbered otherwise.
    const names = readdirSync(root).filter((name) => /^gpiochip\d+$/.test(name));
    return names.map((name) => {
      const read = (file: string) => readFileSync(join(root, name, file), 'utf8').trim();
      return { label: read('label'), base: Number(read('base')), ngpio: Number(read('ngpio')) };
    });
  } catch (error) {
    throw explain(error, { root });
  }
}
