import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDER = '/sys/kernel/tracing';

/** What the kernel saw being done to outputs. What a line is at after it was let go of says nothing of what it was set to. */
export class Trace {
  mount(): void {
    execFileSync('mount', ['-t', 'tracefs', 'tracefs', FOLDER]);
    writeFileSync(join(FOLDER, 'events/gpio/gpio_value/enable'), '1');
  }

  clear(): void {
    writeFileSync(join(FOLDER, 'trace'), '');
  }

  /** Each level that the line with this number was set to, in order. */
  levels(number: number): number[] {
    const text = readFileSync(join(FOLDER, 'trace'), 'utf8');
    return [...text.matchAll(/gpio_value: (\d+) set (\d)/g)]
      .filter(([, line]) => Number(line) === number)
      .map(([, , level]) => Number(level));
  }
}
