import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { freePort } from '../support/freePort.ts';
import { eventually } from '../support/ready.ts';
import { TestRedis } from '../support/redis.ts';
import { Command } from './command.ts';

const MOCK = { GPIO_DRIVER: 'mock' };
/** Pins that fail on every machine. */
const FAILING = { GPIO_DRIVER: 'onoff', GPIO_CHIP: 'no-such-chip', PINS: 'button=17, led=18:out' };
const NO_ONE = 'redis://127.0.0.1:1';

function sidecar(t: TestContext, env: Readonly<Record<string, string>>): Command {
  const command = new Command(['sidecar'], { env });
  t.after(() => command.signal('SIGKILL'));
  return command;
}

async function redisFor(t: TestContext): Promise<TestRedis> {
  const redis = await TestRedis.start();
  t.after(() => redis.stop());
  return redis;
}

/** What the process does besides when it gets SIGUSR2. */
function onSignal(code: string): { NODE_OPTIONS: string } {
  const module = `process.on('SIGUSR2', async () => { ${code} })`;
  return { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(module)}` };
}

/** The mock, but that one pin hangs when it is opened, and that to write to the others takes a moment, and is told. */
function hanging(pin: string, onSignal2 = ''): { NODE_OPTIONS: string } {
  const mock = pathToFileURL('src/sidecar/drivers/mock.ts').href;
  const module = `
    const { MockDriver } = await import('${mock}');
    const open = MockDriver.prototype.open;
    MockDriver.prototype.open = async function (request, listener) {
      if (request.name === '${pin}') return new Promise(() => {});
      const line = await open.call(this, request, listener);
      const write = line.write.bind(line);
      line.write = async (level) => {
        await new Promise((done) => setTimeout(done, 50));
        await write(level);
        console.log(request.name + ' is ' + level);
      };
      console.log(request.name + ' is open');
      return line;
    };
    process.on('SIGUSR2', () => { ${onSignal2} });`;
  return { NODE_OPTIONS: `--import tsx --import data:text/javascript,${encodeURIComponent(module)}` };
}

async function endsWith0(command: Command): Promise<void> {
  const { code, errors } = await command.stop();
  assert.deepEqual({ code, errors }, { code: 0, errors: '' });
}

async function states(redis: TestRedis): Promise<string[]> {
  const entries = (await redis.command('XRANGE', 'pinstream:log:device', '-', '+')) as [string, string[]][];
  return entries.map(([, fields]) => JSON.parse(fields[fields.indexOf('d') + 1] ?? '').state);
}

// They mostly wait, each for other processes.
describe('the sidecar goes on, and ends with 0 when it is told to,', { concurrency: true }, () => {
  test('while Redis wants another password, and works when it gets what it has', async (t) => {
    const redis = await redisFor(t);
    await redis.command('ACL', 'SETUSER', 'bob', 'on', '>another', '~*', '&*', '+@all');
    const env = { ...MOCK, REDIS_URL: redis.url.replace('//', '//bob:secret@') };
    const [command, other] = [sidecar(t, env), sidecar(t, env)];
    await command.until(
      /cannot be reached: it wants another user or password than REDIS_URL has\. .* goes on/,
    );
    await other.until(/cannot be reached/);
    await endsWith0(other);
    await redis.command('ACL', 'SETUSER', 'bob', '>secret');
    await command.until(/is there/);
    await endsWith0(command);
  });

  test('while Redis forbids what it needs, which it says once', async (t) => {
    const redis = await redisFor(t);
    await redis.command('ACL', 'SETUSER', 'bob', 'on', '>b', '~*', '&*', '+@all', '-eval', '-evalsha');
    const command = sidecar(t, { ...MOCK, REDIS_URL: redis.url.replace('//', '//bob:b@') });
    await command.until(/"reason":"Redis refuses: NOPERM .*","msg":"The state of the device was not stored/);
    await redis.command('ACL', 'SETUSER', 'bob', '+@all');
    await eventually('it says that it is online', async () => (await states(redis)).length > 0);
    await endsWith0(command);
    assert.deepEqual(await states(redis), ['online', 'offline']);
    assert.equal(command.output.match(/was not stored/g)?.length, 1);
  });

  test('while no pin works', async (t) => {
    const redis = await redisFor(t);
    const command = sidecar(t, { ...FAILING, REDIS_URL: redis.url });
    await command.until(/The sidecar watches/);
    await eventually('it says how it is', async () => (await states(redis)).length > 0);
    await endsWith0(command);
    assert.deepEqual(await states(redis), ['degraded', 'offline']);
  });

  test('though no pin works and nobody is where Redis should be', async (t) => {
    const command = sidecar(t, { ...FAILING, REDIS_URL: NO_ONE });
    await command.until(/cannot be reached/);
    await endsWith0(command);
  });

  test('though its driver hangs', async (t) => {
    const mock = pathToFileURL('src/sidecar/drivers/mock.ts').href;
    const hang = `(await import('${mock}')).MockDriver.prototype.close = () => new Promise(() => {}); console.log('hangs');`;
    const command = sidecar(t, { ...MOCK, REDIS_URL: NO_ONE, ...onSignal(hang) });
    await command.until(/cannot be reached/);
    command.signal('SIGUSR2');
    await command.until(/hangs/);
    await endsWith0(command);
    assert.match(command.output, /The driver mock did not end within 1 s: it is left as it is\./);
  });
});

describe('what nobody thought of', { concurrency: true }, () => {
  for (const [what, code] of [
    ['an error', "setTimeout(() => { throw new Error('Boom.') })"],
    ['a promise', "void Promise.reject(new Error('Boom.'))"],
  ] as const) {
    test(`${what} ends the sidecar with 1 and a sentence, and not before it has said that it is offline`, async (t) => {
      const redis = await redisFor(t);
      const command = sidecar(t, { ...MOCK, REDIS_URL: redis.url, ...onSignal(code) });
      await command.until(/The sidecar watches/);
      await eventually('it says that it is online', async () => (await states(redis)).length > 0);
      command.signal('SIGUSR2');
      const { code: status, errors } = await command.ended();
      assert.deepEqual({ status, errors }, { status: 1, errors: '' });
      assert.match(
        command.output,
        /"msg":"Unexpected: Boom\. The sidecar ends with 1, to be started again\. Please report this\."\}\n$/,
      );
      assert.deepEqual(await states(redis), ['online', 'offline']);
    });
  }
});

test('an unexpected error that comes again and again is told once, and does not cut the end short', async (t) => {
  const redis = await redisFor(t);
  const errors = "const again = () => { setImmediate(again); throw new Error('Boom.'); }; again();";
  const env = { ...MOCK, ...hanging('none', errors), PINS: 'led=18:out:initial=1', REDIS_URL: redis.url };
  const command = sidecar(t, env);
  await eventually('it says that it is online', async () => (await states(redis)).length > 0);
  command.signal('SIGUSR2');
  const { code } = await command.ended();
  assert.equal(code, 1);
  assert.match(command.output, /\nled is 0\n/);
  assert.equal(command.output.match(/Unexpected: Boom/g)?.length, 1);
  assert.deepEqual(await states(redis), ['online', 'offline']);
});

describe('while one pin hangs at the start, what is open already gets its safe level at once', {
  concurrency: true,
}, () => {
  const PINS = 'led=18:out:initial=1, door=17';

  for (const [signal, status] of [
    ['SIGTERM', 0],
    ['SIGUSR2', 1],
  ] as const) {
    test(`${status === 0 ? 'on SIGTERM' : 'after an error that nobody thought of'}, and it ends with ${status}`, async (t) => {
      const redis = await redisFor(t);
      const boom = "throw new Error('Boom.');";
      const command = sidecar(t, { ...MOCK, ...hanging('door', boom), PINS, REDIS_URL: redis.url });
      await command.until(/led is open/);
      const began = performance.now();
      command.signal(signal);
      await command.until(/led is 0/);
      const took = performance.now() - began;
      // The start would wait for the pin for five seconds, and the end for two.
      assert.ok(took < 1_500, `it took ${took} ms`);
      const { code, errors } = await command.ended();
      assert.deepEqual({ code, errors }, { code: status, errors: '' });
      assert.deepEqual(await states(redis), []);
    });
  }
});

test('a state is said again before its log runs out, by the LOG_AGE of the app', async (t) => {
  const redis = await redisFor(t);
  // As an app with LOG_AGE=5s leaves it.
  await redis.command('HSET', 'pinstream:meta', 'limits', '1000 5 10000 67108864');
  const command = sidecar(t, { ...MOCK, REDIS_URL: redis.url });
  await eventually('it has said its state three times', async () => (await states(redis)).length === 3);
  await endsWith0(command);
});

test('a sidecar that stood still says for how long, and what that means', async (t) => {
  const redis = await redisFor(t);
  const block = 'const end = performance.now() + 700; while (performance.now() < end);';
  const command = sidecar(t, { ...FAILING, REDIS_URL: redis.url, ...onSignal(block) });
  await command.until(/The sidecar watches/);
  command.signal('SIGUSR2');
  await eventually('it is in what the apps are told', async () => {
    const report = JSON.parse(String((await redis.command('GET', 'pinstream:sidecar')) ?? '{}'));
    return report.longestStall >= 690;
  });
  await endsWith0(command);
  // Another one before, of a machine under load, has the first line, and this one the last.
  const told = command.output.matchAll(
    /The sidecar stood still (?:for|\d+ times, for up to) (\d+) ms\. Presses in that time may be lost/g,
  );
  const longest = Math.max(...[...told].map(([, ms]) => Number(ms)));
  assert.ok(longest >= 690, `the longest that it told is ${longest} ms`);
});

describe('the health file', () => {
  async function folderFor(t: TestContext): Promise<string> {
    const folder = await mkdtemp(join(tmpdir(), 'pinstream-health-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    return folder;
  }
  const textOf = (file: string) => readFile(file, 'utf8').catch(() => 'none');

  test('says how the sidecar is, and is gone when it has ended', async (t) => {
    const file = join(await folderFor(t), 'health');
    const port = await freePort();
    const command = sidecar(t, { ...MOCK, REDIS_URL: `redis://127.0.0.1:${port}`, HEALTH_FILE: file });
    const says = (line: string) => eventually(line, async () => (await textOf(file)) === `${line}\n`);
    await says(
      `online: mock, 1 pin. Redis at 127.0.0.1:${port} cannot be reached: nothing listens there. Is it running?`,
    );
    const redis = await TestRedis.start({ port });
    t.after(() => redis.stop());
    await says('online: mock, 1 pin. The store is reached.');
    await endsWith0(command);
    assert.equal(await textOf(file), 'none');
  });

  test('that cannot be written costs a warning, and nothing else', async (t) => {
    const file = join(await folderFor(t), 'none', 'health');
    const command = sidecar(t, { ...MOCK, REDIS_URL: NO_ONE, HEALTH_FILE: file });
    await command.until(/The health file .*\/none\/health \(HEALTH_FILE\) cannot be written/);
    await command.until(/The sidecar watches/);
    await endsWith0(command);
  });
});
