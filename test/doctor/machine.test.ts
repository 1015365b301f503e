import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { checkClock, checkDisk, type Machine, thisMachine } from '../../src/doctor/machine.ts';
import { ALLOWED, proxied, WELL } from '../support/doctor.ts';
import { examined } from '../support/examined.ts';

const HOUR = 3_600_000;
const NOW = Date.UTC(2026, 10, 20, 20);

function machine(given: Partial<Machine>): Machine {
  return { ...thisMachine, built: NOW - HOUR, now: () => NOW, ...given };
}

describe('the doctor on this machine', { concurrency: 4 }, () => {
  test('tells of a clock that differs from the one where Pinstream runs', async (t) => {
    const { proxy } = await proxied(t);
    const settings = { CORS_ORIGINS: ALLOWED };
    const now = () => Date.now() + 3 * HOUR;
    assert.deepEqual(await examined(proxy.url, { settings, machine: { now } }), {
      ...WELL,
      clock:
        '✗ The clock of this machine is 3 h ahead of the one where Pinstream runs: timedatectl says on each which of both has the time from the network.',
    });
  });

  test('tells of a clock that differs from the one of Redis', () => {
    const redis = {
      where: '',
      info: new Map(),
      settings: new Map(),
      clock: { there: NOW + 40_000, here: NOW },
    };
    assert.deepEqual(checkClock(machine({}), { clock: { there: NOW - 900, here: NOW } }, redis), {
      name: 'clock',
      state: 'fault',
      text: 'The clock of this machine is 40 s behind the one of Redis: timedatectl says on each which of both has the time from the network.',
    });
  });

  test('tells of a clock that was never set', () => {
    const { text } = checkClock(machine({ now: () => 12_000_000 }), {}, undefined);
    assert.equal(
      text,
      'The clock of this machine says 1970-01-01, but Pinstream was built after that: let it get the time from the network (timedatectl set-ntp true), or events carry a false one.',
    );
    assert.equal(checkClock(machine({}), {}, undefined).text, "this machine's clock is set");
  });

  test('tells of a disk that is nearly full, but not of a twentieth of a large one', async () => {
    const MB = 1_000_000;
    const said = async (free: number, size: number) => {
      const { state, text } = await checkDisk(
        machine({ disk: async () => ({ free: free * MB, size: size * MB }) }),
      );
      return `${state}: ${text}`;
    };
    const full = (free: number, size: number) =>
      `fault: Only ${free} MB of ${size} MB of the disk are free: when none are, no event is taken any more. Make room (docker system df says what Docker uses).`;
    assert.equal(await said(199, 1_000), full(199, 1_000));
    assert.equal(await said(700, 16_000), full(700, 16_000));
    assert.equal(await said(900, 16_000), 'ok: 900 MB of 16000 MB of the disk are free');
    assert.equal(await said(4_000, 256_000), 'ok: 4000 MB of 256000 MB of the disk are free');
  });

  test('tells of the disk only where Pinstream runs', async () => {
    const { disk } = await examined('http://nosuch.invalid');
    assert.equal(
      disk,
      '– not looked at: Pinstream seems to run on another machine (no REDIS_URL, and not localhost).',
    );
  });

  test('knows the disk and the memory pages of a real machine', async () => {
    const { free, size } = await thisMachine.disk();
    assert.ok(free > 0 && free < size, `${free} of ${size}`);
    assert.match(String(await thisMachine.pageSize()), /^(4096|16384|65536)$/);
    assert.ok(thisMachine.built <= Date.now(), 'it was built before now');
  });
});
