import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Bank {
  readonly label: string;
  readonly lines: number;
  /** Lines that the system itself has taken. */
  readonly hogs?: readonly number[];
}

const CONFIG = '/config/gpio-sim/board';
const DEVICE = '/sys/devices/platform/gpio-sim.0';
const SYSFS = '/sys/class/gpio';

/** A board with simulated chips, the kernel's gpio-sim: its pins are pulled up and down as fingers and lamps would do. */
export class Board {
  readonly #banks: readonly Bank[];

  constructor(banks: readonly Bank[]) {
    this.#banks = banks;
    for (const [i, { label, lines, hogs = [] }] of banks.entries()) {
      const folder = join(CONFIG, `bank${i}`);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'label'), label);
      writeFileSync(join(folder, 'num_lines'), String(lines));
      for (const line of hogs) {
        const hog = join(folder, `line${line}`, 'hog');
        mkdirSync(hog, { recursive: true });
        writeFileSync(join(hog, 'name'), 'taken');
        writeFileSync(join(hog, 'direction'), 'input');
      }
    }
  }

  /** The chips appear. */
  add(): void {
    writeFileSync(join(CONFIG, 'live'), '1');
  }

  /** The chips are gone, whoever uses them. */
  remove(): void {
    writeFileSync(join(CONFIG, 'live'), '0');
  }

  /** The system lets go of a line; while the chips are removed. */
  unhog(label: string, line: number): void {
    const folder = join(CONFIG, `bank${this.#bank(label)}`, `line${line}`);
    rmdirSync(join(folder, 'hog'));
    rmdirSync(folder);
  }

  chip(label: string): Chip {
    const name = readFileSync(join(CONFIG, `bank${this.#bank(label)}`, 'chip_name'), 'utf8').trim();
    return new Chip(label, name);
  }

  #bank(label: string): number {
    return this.#banks.findIndex((bank) => bank.label === label);
  }
}

export class Chip {
  readonly label: string;
  /** As the device is called: `gpiochip0`. */
  readonly name: string;

  constructor(label: string, name: string) {
    this.label = label;
    this.name = name;
  }

  /** What sysfs calls it: `gpiochip512`. */
  get directory(): string {
    const names = readdirSync(SYSFS).filter((name) => /^gpiochip\d+$/.test(name));
    const directory = names.find((name) => read(join(SYSFS, name, 'label')) === this.label);
    if (directory === undefined) throw new Error(`${SYSFS} has no ${this.label}, only ${names}`);
    return directory;
  }

  /** The number of a line in sysfs. */
  number(line: number): number {
    return Number(read(join(SYSFS, this.directory, 'base'))) + line;
  }

  /** Pulls a line up (1) or down (0). */
  pull(line: number, level: 0 | 1): void {
    writeFileSync(this.pullFile(line), level === 1 ? 'pull-up' : 'pull-down');
  }

  pullFile(line: number): string {
    return join(DEVICE, this.name, `sim_gpio${line}`, 'pull');
  }

  /** What the line is at. */
  value(line: number): number {
    return Number(read(join(DEVICE, this.name, `sim_gpio${line}`, 'value')));
  }
}

/** The lines that are exported, whoever did it. */
export function exported(): string[] {
  return readdirSync(SYSFS).filter((name) => /^gpio\d+$/.test(name));
}

export function exportLine(number: number): void {
  writeFileSync(join(SYSFS, 'export'), String(number));
}

export function unexportLine(number: number): void {
  if (existsSync(join(SYSFS, `gpio${number}`))) writeFileSync(join(SYSFS, 'unexport'), String(number));
}

function read(file: string): string {
  return readFileSync(file, 'utf8').trim();
}
