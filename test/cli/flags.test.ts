import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { type Call, type Command, flagOf, Mistakes, readCall } from '../../src/cli/flags.ts';
import { publish } from '../../src/cli/publish.ts';
import { serve } from '../../src/cli/serve.ts';
import { sidecar } from '../../src/cli/sidecar.ts';
import { start } from '../../src/cli/start.ts';
import { tail } from '../../src/cli/tail.ts';
import { settings } from '../../src/lib/settings.ts';

beforeEach(() => {
  for (const name of Object.keys(settings)) delete process.env[name];
});

/** What a command line is wrong in, with its exit code. Nothing is started. */
async function mistakes({ run, ...command }: Command, args: string[]): Promise<[number, ...string[]]> {
  try {
    await run(readCall({ run, ...command }, args));
  } catch (error) {
    if (error instanceof Mistakes) return [error.exitCode, ...error.message.split('\n')];
    throw error;
  }
  throw new Error('It was not wrong.');
}

function port({ settings }: Call): number {
  return settings.PORT;
}

test('a flag is a setting in small letters', () => {
  assert.equal(flagOf('MAX_STREAMS_PER_ADDRESS'), 'max-streams-per-address');
});

test('a flag wins over the environment, and the environment over the default', () => {
  assert.equal(port(readCall(serve, [])), 8080);
  process.env.PORT = '81';
  assert.equal(port(readCall(serve, [])), 81);
  assert.equal(port(readCall(serve, ['--port', '82'])), 82);
  assert.equal(port(readCall(serve, ['--port=83'])), 83);
});

test('a switch needs no value', () => {
  assert.equal(readCall(serve, []).settings.PUBLISH_OPEN, false);
  assert.equal(readCall(serve, ['--publish-open']).settings.PUBLISH_OPEN, true);
});

test('start is for trying out: mock pins, all kept, and open where nobody else can reach it', () => {
  const chosen = (args: string[]) => {
    const { GPIO_DRIVER, ADOPT, PUBLISH_OPEN } = readCall(start, args).settings;
    return { GPIO_DRIVER, ADOPT, PUBLISH_OPEN };
  };
  assert.deepEqual(chosen([]), { GPIO_DRIVER: 'mock', ADOPT: ['*'], PUBLISH_OPEN: true });
  assert.equal(chosen(['--host', '0.0.0.0']).PUBLISH_OPEN, false);
  assert.equal(chosen(['--host', '0.0.0.0', '--publish-open']).PUBLISH_OPEN, true);
  assert.equal(chosen(['--gpio-driver', 'onoff']).GPIO_DRIVER, 'onoff');
  process.env.PUBLISH_OPEN = '0';
  process.env.GPIO_DRIVER = '';
  assert.deepEqual(chosen([]), { GPIO_DRIVER: 'mock', ADOPT: ['*'], PUBLISH_OPEN: false });
});

test('options of a command and words that follow it', () => {
  const { words, options } = readCall(publish, ['base', '-', '--event', 'press', '--wait=1s']);
  assert.deepEqual({ words, ...options }, { words: ['base', '-'], event: 'press', wait: '1s' });
});

test('what is typed wrong is said in one line each', async () => {
  const wrong: [command: Command, args: string[], ...answer: [number, ...string[]]][] = [
    [publish, [], 64, 'Usage: pinstream publish CHANNEL [TEXT|-] [options]'],
    [publish, ['a', 'b', 'c'], 64, 'Usage: pinstream publish CHANNEL [TEXT|-] [options]'],
    [serve, ['now'], 64, 'Usage: pinstream serve [options]'],
    [tail, ['a', '--port', '81'], 64, 'Unknown option \'--port\'. "pinstream tail -h" lists the options.'],
    [
      serve,
      ['--port', '--host', 'a'],
      64,
      'Option \'--port\' argument is ambiguous. "pinstream serve -h" lists the options.',
    ],
    [publish, ['room-*', 'a'], 64, 'A channel cannot contain "*": that is for patterns, which only listen.'],
    [
      publish,
      ['a', 'b', '--event', 'open'],
      64,
      '"open" is a name that streams use themselves: choose another.',
    ],
    [publish, ['a', 'b', '--wait', 'long'], 64, '--wait must be a time like 250ms, 15s, 5m, 2h or 1d.'],
    [publish, ['a', 'b', '--url', 'localhost'], 64, '--url must be an address like http://raspberrypi.local'],
    [tail, ['a', '--url', 'localhost'], 64, '--url must be an address like http://raspberrypi.local'],
    [tail, ['a', '--last', 'all'], 64, '--last must be a whole number from 0 to 1000.'],
    [tail, ['a', '--last', '1001'], 64, '--last must be a whole number from 0 to 1000.'],
    [
      tail,
      ['__a', ''],
      64,
      'Channels that begin with "__" are for Redis itself.',
      'A channel needs a name of 1 to 200 bytes.',
    ],
    [
      sidecar,
      [],
      78,
      'REDIS_URL must say where the Redis is that the app uses too: alone, the sidecar has nobody to tell.',
    ],
  ];
  for (const [command, args, ...answer] of wrong) assert.deepEqual(await mistakes(command, args), answer);
});
