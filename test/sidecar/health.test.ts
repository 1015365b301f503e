import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, type TestContext, test } from 'node:test';
import type { DeviceState, PinState } from '../../src/contract/device.ts';
import { HealthFile, WRITE_EVERY } from '../../src/sidecar/healthFile.ts';
import { healthLine } from '../../src/sidecar/healthLine.ts';
import { FakeClock } from '../support/clock.ts';
import { loggedLines } from '../support/logged.ts';
import { eventually } from '../support/ready.ts';

async function healthOf(t: TestContext, name = 'health') {
  const folder = await mkdtemp(join(tmpdir(), 'pinstream-health-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, name);
  const clock = new FakeClock();
  const { log, lines } = loggedLines();
  const now = { line: 'online: onoff, 2 pins.' };
  const health = new HealthFile({ file, clock, log, line: () => now.line });
  t.after(() => health.stop());
  const says = (line: string) =>
    eventually(line, async () => (await readFile(file, 'utf8').catch(() => '')) === `${line}\n`);
  return { folder, file, clock, lines, now, health, says };
}

describe('the health file', () => {
  test('is there at once, and is renewed every three seconds with what there is to say then', async (t) => {
    const { folder, file, clock, now, health, says } = await healthOf(t);
    health.start();
    await says('online: onoff, 2 pins.');
    const before = await stat(file);
    now.line = 'degraded: led: In use.';
    clock.advance(WRITE_EVERY - 1);
    assert.equal(await readFile(file, 'utf8'), 'online: onoff, 2 pins.\n');
    clock.advance(1);
    await says('degraded: led: In use.');
    assert.notEqual(
      (await stat(file)).ino,
      before.ino,
      'written in place, so that somebody may read half of it',
    );
    assert.deepEqual(await readdir(folder), ['health']);
  });

  test('is gone at the end, and does not come back', async (t) => {
    const { folder, clock, health, says } = await healthOf(t);
    health.start();
    await says('online: onoff, 2 pins.');
    await health.stop();
    assert.deepEqual(await readdir(folder), []);
    // Also when it is just being written.
    for (let i = 0; i < 30; i++) {
      health.start();
      await health.stop();
      assert.deepEqual(await readdir(folder), []);
    }
    assert.equal(clock.timers, 0);
  });

  test('in a folder that is not there costs one warning, and is written when the folder is', async (t) => {
    const { folder, file, clock, lines, health, says } = await healthOf(t, 'none/health');
    health.start();
    for (let i = 0; i < 3; i++) {
      await eventually('the warning', async () => lines.length > 0);
      await clock.pass(WRITE_EVERY);
    }
    assert.deepEqual(lines, [
      `warn: The health file ${file} (HEALTH_FILE) cannot be written (ENOENT: no such file or directory, open '${file}.new'). The sidecar goes on without it, and tries again: name a file in a folder that is there, writable and not full.`,
    ]);
    await mkdir(join(folder, 'none'));
    await eventually('a try that was under way is over', async () => {
      clock.advance(WRITE_EVERY);
      return (await readdir(join(folder, 'none'))).includes('health');
    });
    await says('online: onoff, 2 pins.');
    assert.equal(lines.length, 1);
  });
});

describe('the line of the health file', () => {
  const button: PinState = { name: 'button', gpio: 17, direction: 'in', level: 0 };
  const led: PinState = { name: 'led', gpio: 18, direction: 'out', level: 1 };
  const online: DeviceState = { state: 'online', driver: 'onoff', pins: [button, led] };
  const there = { ready: true };
  const away = {
    ready: false,
    problem: 'Redis at redis:6379 cannot be reached: nothing listens there. Is it running?',
  };

  test('says the driver, the pins and the store', () => {
    assert.equal(healthLine(online, there, 0), 'online: onoff, 2 pins. The store is reached.');
    assert.equal(
      healthLine({ ...online, driver: 'mock', pins: [button] }, there, 0),
      'online: mock, 1 pin. The store is reached.',
    );
  });

  test('says at the start that it is one, whatever is not open yet', () => {
    const starting = { ...online, state: 'starting', pins: [{ ...button, level: null }, led] } as const;
    assert.equal(healthLine(starting, away, 0), `starting: onoff, 2 pins. ${away.problem}`);
  });

  test('says what waits while the store is away', () => {
    assert.equal(
      healthLine(online, away, 12),
      `online: onoff, 2 pins. ${away.problem} Events that wait for it: 12.`,
    );
  });

  test('names each pin that fails, once, with why, in one line', () => {
    const pins: PinState[] = [
      { ...button, level: null, problem: 'button (GPIO 17) is in use:\nend the other program.' },
      { ...led, level: null, problem: 'The line is gone.' },
      { ...led, name: 'relay', level: null },
      button,
    ];
    assert.equal(
      healthLine({ ...online, state: 'degraded', pins }, there, 0),
      'degraded: button (GPIO 17) is in use: end the other program. led: The line is gone. relay: It is not open yet. The store is reached.',
    );
  });
});
