import assert from 'node:assert/strict';
import { test } from 'node:test';
import { doctor } from '../../src/cli/doctor.ts';
import type { Command } from '../../src/cli/flags.ts';
import { publish } from '../../src/cli/publish.ts';
import { serve } from '../../src/cli/serve.ts';
import { sidecar } from '../../src/cli/sidecar.ts';
import { start } from '../../src/cli/start.ts';
import { tail } from '../../src/cli/tail.ts';
import { type SettingName, settings } from '../../src/lib/settings.ts';
import { text } from './files.ts';

/** What is written about the settings is what the code says: each of them, once, and nothing else. */

const NAMES = Object.keys(settings) as SettingName[];
const COMMANDS: Command[] = [start, serve, sidecar, publish, tail, doctor];

test("README's table has every setting with its default and meaning", () => {
  const [, table = ''] = text('README.md').split('| Setting | Default | Meaning |\n|---|---|---|\n');
  const [rows = ''] = table.split('\n\n');
  const expected = NAMES.map((name) => {
    const { fallback, help } = settings[name];
    return `| \`${name}\` | ${fallback === '' ? '' : `\`${fallback}\``} | ${help.replaceAll('|', '\\|')} |`;
  });
  assert.deepEqual(rows.trimEnd().split('\n'), expected);
});

test('.env.example has every setting with its default and meaning', () => {
  const written = [...text('.env.example').matchAll(/^# (.+)\n# ([A-Z_]+)=(.*)$/gm)];
  const found = Object.fromEntries(written.map(([, help, name, fallback]) => [name, { help, fallback }]));
  const expected = Object.fromEntries(
    NAMES.map((name) => [name, { help: settings[name].help, fallback: settings[name].fallback }]),
  );
  assert.deepEqual(found, expected);
  // None twice, and none that is set.
  assert.equal(written.length, NAMES.length);
  assert.doesNotMatch(text('.env.example'), /^[^#\n]/m);
});

test('every setting can be given as a flag, and no flag twice', () => {
  const reachable = new Set(COMMANDS.flatMap((command) => command.settings));
  assert.deepEqual(
    NAMES.filter((name) => !reachable.has(name)),
    [],
  );
  for (const { name, settings: own, options } of COMMANDS) {
    const flags = [
      ...own.map((setting) => setting.toLowerCase().replaceAll('_', '-')),
      ...options.map((option) => option.name),
    ];
    assert.equal(new Set(flags).size, flags.length, name);
  }
});
