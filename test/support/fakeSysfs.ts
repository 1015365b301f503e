import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';

/** A directory like /sys/class/gpio, with the chips given as `directory: label base ngpio`. */
export function fakeSysfs(t: TestContext, chips: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'pinstream-gpio-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  for (const [name, words] of Object.entries(chips)) {
    const [label, base, ngpio] = words.split(' ');
    mkdirSync(join(root, name));
    writeFileSync(join(root, name, 'label'), `${label}\n`);
    writeFileSync(join(root, name, 'base'), `${base}\n`);
    writeFileSync(join(root, name, 'ngpio'), `${ngpio}\n`);
  }
  writeFileSync(join(root, 'export'), '');
  writeFileSync(join(root, 'unexport'), '');
  return root;
}
