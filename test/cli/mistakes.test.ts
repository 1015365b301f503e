import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { run } from './command.ts';

/** It ends with this status, and with these lines on the standard error alone. */
async function assertEnds(
  args: string[],
  code: number,
  lines: string[],
  env: Record<string, string> = {},
): Promise<void> {
  assert.deepEqual(await run(args, { env }), { code, output: '', errors: `${lines.join('\n')}\n` });
}

test('a wrong command', () =>
  assertEnds(['strat'], 64, ['There is no command "strat". "pinstream -h" lists them.']));

test('a wrong option', () =>
  assertEnds(['start', '--prot', '81'], 64, [
    'Unknown option \'--prot\'. "pinstream start -h" lists the options.',
  ]));

test('every wrong setting at once, whether a flag or in the environment, whoever judges it', () =>
  assertEnds(
    ['start', '--port', 'eighty', '--log-age', '1 week'],
    78,
    [
      'PUBLISH_KEY and PUBLISH_KEY_FILE are both set: keep one of them.',
      'PORT must be a port from 0 to 65535, but is "eighty".',
      'LOG_AGE must be a time like 250ms, 15s, 5m, 2h or 1d, but is "1 week".',
      'HEARTBEAT must be a time like 250ms, 15s, 5m, 2h or 1d, but is "15".',
      'GPIO_DRIVER must be onoff, gpiomon, auto or mock, but is "gpiod".',
      'ACCESS_RULES, rule 2: It must read `allow read|write CHANNEL to TOKEN|anyone`.',
      'PINS, character 1, "button": a pin is written as NAME=GPIO, like button=17 or led=18:out.',
    ],
    {
      PORT: '80',
      HEARTBEAT: '15',
      GPIO_DRIVER: 'gpiod',
      PUBLISH_KEY: 'a',
      PUBLISH_KEY_FILE: '/dev/null',
      PINS: 'button',
      ACCESS_RULES: 'allow read a to b; hunter2',
    },
  ));

test('a port that is in use', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };
  for (const command of ['serve', 'start']) {
    await assertEnds([command, '--port', String(port)], 1, [
      `Port ${port} is in use: stop what listens there, or choose another one with --port.`,
    ]);
  }
  other.close();
});

test('an address that is not of this machine', () =>
  assertEnds(['serve', '--port', '0', '--host', 'nosuch.invalid'], 1, [
    'This machine does not have that address: choose another one with --host.',
  ]));
