import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/**
 * A directory like /sys/class/gpio, with the chips given as `directory: label base ngpio`. It lies in a tree like the real
 * one, so that there is room beside it for what `fakeDevices` makes.
 */
export function fakeSysfs(t: TestContext, chips: Record<string, string>): string {
  const tree = mkdtempSync(join(tmpdir(), 'pinstream-gpio-'));
  t.after(() => rmSync(tree, { recursive: true, force: true }));
  const root = join(tree, 'sys/class/gpio');
  mkdirSync(root, { recursive: true });
  for (const [name, words] of Object.entries(chips)) addChip(root, name, words);
  writeFileSync(join(root, 'export'), '');
  writeFileSync(join(root, 'unexport'), '');
  return root;
}

export function addChip(root: string, name: string, words: string): void {
  const [label, base, ngpio] = words.split(' ');
  mkdirSync(join(root, name));
  writeFileSync(join(root, name, 'label'), `${label}\n`);
  writeFileSync(join(root, name, 'base'), `${base}\n`);
  writeFileSync(join(root, name, 'ngpio'), `${ngpio}\n`);
}

/** What drives the chips, as `parent: directories and devices`: each chip's directory in sysfs, and its device by its name. */
export function fakeDevices(root: string, parents: Record<string, readonly string[]>): void {
  const bus = join(root, '../../bus/gpio/devices');
  mkdirSync(bus, { recursive: true });
  for (const [parent, names] of Object.entries(parents)) {
    const home = join(root, '../../devices', parent);
    for (const name of names) {
      if (name.startsWith('/dev/')) {
        const device = name.slice('/dev/'.length);
        mkdirSync(join(home, device), { recursive: true });
        symlinkSync(join(home, device), join(bus, device));
      } else {
        mkdirSync(home, { recursive: true });
        symlinkSync(home, join(root, name, 'device'));
      }
    }
  }
}
