import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import { endsWithUs } from '../support/children.ts';
import { eventually } from '../support/ready.ts';
import { TestRedis } from '../support/redis.ts';
import { Command } from './command.ts';

const PINSTREAM = `${process.execPath} --import tsx src/cli.ts`;

/** What happens in a terminal that is closed, as by an ssh connection that breaks: `script` (util-linux) is the terminal. */
class Terminal {
  readonly #child: ChildProcess;

  constructor(t: TestContext, line: string, env: Readonly<Record<string, string>>) {
    this.#child = endsWithUs(
      spawn('script', ['--quiet', '--flush', '--command', line, '/dev/null'], {
        env: { ...process.env, ...env },
        stdio: ['pipe', 'ignore', 'inherit'],
      }),
    );
    t.after(() => this.close());
  }

  async close(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }
}

async function states(redis: TestRedis): Promise<string[]> {
  const entries = (await redis.command('XRANGE', 'pinstream:log:device', '-', '+')) as [string, string[]][];
  return entries.map(([, fields]) => JSON.parse(fields[fields.indexOf('d') + 1] ?? '').state);
}

// Elsewhere `script`, which makes the terminal, takes other options.
const onLinux = process.platform === 'linux' ? describe : () => {};

onLinux('when the terminal is closed', { concurrency: true }, () => {
  for (const name of ['sidecar', 'start'] as const) {
    test(`${name} ends in order: it says offline, and ends with 0`, async (t) => {
      const redis = await TestRedis.start();
      t.after(() => redis.stop());
      const folder = await mkdtemp(join(tmpdir(), 'pinstream-hangup-'));
      t.after(() => rm(folder, { recursive: true, force: true }));
      const file = join(folder, 'code');
      // As a shell does: it waits for what it runs, and passes the hangup on. Of what is written from then on nothing arrives.
      const line = `trap : HUP; ${PINSTREAM} ${name} & wait $!; kill -HUP $!; wait $!; echo $? >${file}`;
      const terminal = new Terminal(t, line, {
        SHELL: '/bin/sh',
        GPIO_DRIVER: 'mock',
        PORT: '0',
        PINS: 'led=18:out:initial=1',
        REDIS_URL: redis.url,
      });
      await eventually('it says that it is online', async () => (await states(redis)).length > 0);
      await terminal.close();
      await eventually('it has ended', async () => (await readFile(file, 'utf8').catch(() => '')) !== '');
      assert.equal(await readFile(file, 'utf8'), '0\n');
      assert.deepEqual(await states(redis), ['online', 'offline']);
    });
  }

  test('what nohup has started goes on', async (t) => {
    const redis = await TestRedis.start();
    t.after(() => redis.stop());
    const folder = await mkdtemp(join(tmpdir(), 'pinstream-hangup-'));
    t.after(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, 'log');
    const line = `trap : HUP; nohup ${PINSTREAM} sidecar >${file} & echo $! >${file}.pid; wait $!; kill -HUP $!; wait $!`;
    const terminal = new Terminal(t, line, { SHELL: '/bin/sh', GPIO_DRIVER: 'mock', REDIS_URL: redis.url });
    await eventually('it says that it is online', async () => (await states(redis)).length > 0);
    const pid = Number(await readFile(`${file}.pid`, 'utf8'));
    t.after(() => {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It has ended, as it should.
      }
    });
    await terminal.close();
    const says = (text: string) => async () => (await readFile(file, 'utf8')).includes(text);
    await eventually('it goes on', says('SIGHUP: no terminal is attached, so it goes on.'));
    process.kill(pid, 'SIGTERM');
    await eventually('it ends when it is told to', async () => (await states(redis)).length > 1);
    assert.deepEqual(await states(redis), ['online', 'offline']);
  });
});

test('serve, too, takes SIGHUP for nothing where no terminal is', async (t) => {
  const command = new Command(['serve', '--port', '0']);
  t.after(() => command.signal('SIGKILL'));
  await command.until(/listens on/);
  command.signal('SIGHUP');
  await command.until(/SIGHUP: no terminal is attached, so it goes on\. SIGTERM ends it\./);
  const { code, errors } = await command.stop();
  assert.deepEqual({ code, errors }, { code: 0, errors: '' });
});
