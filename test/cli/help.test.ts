import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { doctor } from '../../src/cli/doctor.ts';
import type { Command } from '../../src/cli/flags.ts';
import { publish } from '../../src/cli/publish.ts';
import { serve } from '../../src/cli/serve.ts';
import { sidecar } from '../../src/cli/sidecar.ts';
import { start } from '../../src/cli/start.ts';
import { tail } from '../../src/cli/tail.ts';
import { type Ended, run } from './command.ts';

const COMMANDS: Command[] = [start, serve, sidecar, publish, tail, doctor];
const answers = new Map<Command, Promise<Ended>>();

/** What a command answers to -h. */
function help(command: Command): Promise<Ended> {
  const answer = answers.get(command) ?? run([command.name, '-h']);
  answers.set(command, answer);
  return answer;
}

for (const command of COMMANDS) {
  test(`pinstream ${command.name} -h lists all that it takes`, async () => {
    const { code, output, errors } = await help(command);
    assert.deepEqual({ code, errors }, { code: 0, errors: '' });
    const listed = [...output.matchAll(/^ {2}(?:-h, )?--(?:\[no-\])?([a-z-]+)/gm)].map(([, name]) => name);
    const flags = command.settings.map((name) => name.toLowerCase().replaceAll('_', '-'));
    assert.deepEqual(listed, [...command.options.map(({ name }) => name), ...flags, 'help']);
    const { usage, summary, details } = command;
    assert.ok(output.startsWith(`Usage: ${usage}\n\n${summary}\n${details ? `${details}\n` : ''}\n`), output);
  });
}

test('the help of a command says what its options mean, and their defaults', async () => {
  const { output } = await help(tail);
  assert.equal(
    output,
    `Usage: pinstream tail CHANNEL… [options]

Prints the events of channels and patterns as they come, through outages too, until Ctrl-C.

  --url URL      The app to listen to [http://localhost:8080]
  --last N       The last N events of each channel first
  --token TOKEN  For channels that ACCESS_RULES restrict
  --json         One JSON object a line
  -h, --help     Say all this.
`,
  );
});

test('the help of a command shows the defaults that this command has', async () => {
  const { output } = await help(start);
  assert.match(output, /^ {2}--gpio-driver … .* \[mock\]$/m);
  assert.match(output, /^ {2}--adopt … .* \[\*\]$/m);
  assert.match(output, /^ {2}--port … .* \[8080\]$/m);
  assert.match(output, /^ {2}--\[no-\]publish-open {2,}[^[]*$/m);
  assert.match(output, /^ {2}--publish-key … .* Also PUBLISH_KEY_FILE\.$/m);
});

test('without a command, and with --help, it says which there are', async () => {
  const answers = await Promise.all([[], ['--help']].map((args) => run(args)));
  const [{ output }] = answers as [(typeof answers)[number]];
  for (const { usage, summary } of COMMANDS) {
    assert.ok(output.includes(`  ${usage.replace(' [options]', '')} `), usage);
    assert.ok(output.includes(summary), summary);
  }
  for (const answer of answers) assert.deepEqual(answer, { code: 0, output, errors: '' });
});

test('--version says which version this is', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  assert.deepEqual(await run(['--version']), { code: 0, output: `${version}\n`, errors: '' });
});
