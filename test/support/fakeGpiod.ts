import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('fakeGpiod.sh', import.meta.url));
const TOOLS = ['gpiodetect', 'gpioget', 'gpioinfo', 'gpiomon', 'gpioset'];

/** Whether this system ends a program with the one that started it: Linux does, with setpriv of util-linux. */
export const LEASHED = process.platform === 'linux';

/** What libgpiod 2.2.1 and 1.6.3 answer to `--version`. */
export const VERSION_2 = `TOOL (libgpiod) v2.2.1
Copyright (C) 2017-2023 Bartosz Golaszewski
License: GPL-2.0-or-later
This is free software: you are free to change and redistribute it.
There is NO WARRANTY, to the extent permitted by law.
`;
export const VERSION_1 = `TOOL (libgpiod) v1.6.3
Copyright (C) 2017-2018 Bartosz Golaszewski
License: LGPLv2.1
This is free software: you are free to change and redistribute it.
There is NO WARRANTY, to the extent permitted by law.
`;

/** Real programs that stand for those of libgpiod, and a chip with GPIO 17 and 18, both high. */
export class FakeGpiod {
  readonly folder: string;
  /** Where a driver has to look for the programs. */
  readonly path: string;
  /** Where the devices are. */
  readonly devices: string;

  constructor(t: TestContext) {
    this.folder = mkdtempSync(join(tmpdir(), 'pinstream-gpiod-'));
    t.after(() => rmSync(this.folder, { recursive: true, force: true }));
    this.path = `${this.folder}:${process.env.PATH}`;
    this.devices = join(this.folder, 'dev');
    mkdirSync(this.devices);
    for (const tool of TOOLS) symlinkSync(SCRIPT, join(this.folder, tool));
    for (const gpio of [17, 18]) {
      execFileSync('mkfifo', [join(this.folder, `pipe${gpio}`)]);
      this.set(`level${gpio}`, '1\n');
    }
    this.set('version', VERSION_2);
    this.set('denied', '');
    this.set('refusal', 'Permission denied');
    // Other systems have no such program: there a stand-in starts the tool, and does not end it with us.
    if (!LEASHED) this.replace('setpriv', '#!/bin/sh\nshift 2\nexec "$@"\n');
    this.plug();
  }

  /** The chips that are there, as gpiodetect words them; none: they were removed. */
  plug(...chips: string[]): void {
    const all = chips.length > 0 ? chips : ['gpiochip0 [pinctrl-bcm2711] (58 lines)'];
    for (const chip of all) this.set(`dev/${chip.split(' ')[0]}`, '');
    this.set('chips', all.map((chip) => `${chip}\n`).join(''));
  }

  unplug(): void {
    rmSync(join(this.devices, 'gpiochip0'));
    this.set('chips', '');
  }

  set(file: string, text: string): void {
    writeFileSync(join(this.folder, file), text);
  }

  /** A program does something else. */
  replace(tool: string, text: string): void {
    rmSync(join(this.folder, tool), { force: true });
    this.set(tool, text);
    chmodSync(join(this.folder, tool), 0o755);
  }

  level(gpio: number): string {
    return readFileSync(join(this.folder, `level${gpio}`), 'utf8').trim();
  }

  /** What was run, in the order of its beginning, without `--version`. */
  get calls(): string[] {
    const file = join(this.folder, 'calls');
    if (!existsSync(file)) return [];
    const lines = readFileSync(file, 'utf8').trim().split('\n');
    return lines
      .filter((line) => !line.endsWith('--version'))
      .map((line) => line.replaceAll(this.devices, '/dev'));
  }

  /** The programs are not installed, and not by the machine on which this runs either. */
  without(): void {
    for (const tool of TOOLS) rmSync(join(this.folder, tool));
  }

  /** What `--version` was asked, so often. */
  get asked(): number {
    return readFileSync(join(this.folder, 'calls'), 'utf8').split('--version').length - 1;
  }

  /** Has the program that holds a line do something. */
  tell(gpio: number, ...commands: string[]): void {
    // Fails at once when nobody holds it, instead of waiting for somebody.
    const pipe = openSync(join(this.folder, `pipe${gpio}`), constants.O_WRONLY | constants.O_NONBLOCK);
    writeSync(pipe, commands.map((command) => `${command}\n`).join(''));
    closeSync(pipe);
  }

  /** The program that holds a line, or held it last. */
  pid(gpio: number): number {
    return Number(readFileSync(join(this.folder, `pid${gpio}`), 'utf8'));
  }

  /** One that ended counts as gone, even where process 1 never asks how: its state is Z then. */
  runs(gpio: number): boolean {
    const pid = this.pid(gpio);
    try {
      process.kill(pid, 0);
      return !LEASHED || !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
    } catch {
      return false;
    }
  }
}
