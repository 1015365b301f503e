import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  checkClock,
  checkDisk,
  checkPageSize,
  isPinstreamHere,
  type Machine,
  thisMachine,
} from '../../src/doctor/machine.ts';
import { readSettings } from '../../src/lib/settings.ts';
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
      `fault: Only ${free} MB of ${size} MB of the disk that this runs from are free: when none are, no event is taken any more. Make room (docker system df says what Docker uses).`;
    assert.equal(await said(199, 1_000), full(199, 1_000));
    assert.equal(await said(700, 16_000), full(700, 16_000));
    assert.equal(await said(900, 16_000), 'ok: 900 MB of 16000 MB of the disk that this runs from are free');
    assert.equal(
      await said(4_000, 256_000),
      'ok: 4000 MB of 256000 MB of the disk that this runs from are free',
    );
  });

  test('tells of the disk only where Pinstream runs', async () => {
    const { disk } = await examined('http://nosuch.invalid');
    assert.equal(disk, '– not looked at: Pinstream seems to run on another machine.');
    const here = (url: string, texts: Record<string, string> = {}) => {
      const { settings, problems } = readSettings(texts);
      assert.deepEqual(problems, []);
      return isPinstreamHere(settings, new URL(url));
    };
    assert.deepEqual(
      {
        loopback: here('http://127.0.0.1:8080') && here('https://localhost') && here('http://[::1]'),
        bundle: here('http://nginx', { REDIS_URL: 'redis://redis:6379' }),
        sentinel: here('http://pi.local', { REDIS_SENTINELS: 'main@sentinel:26379' }),
        socket: here('http://pi.local', { REDIS_URL: 'unix:///run/redis.sock' }),
        local: here('http://pi.local', { REDIS_URL: 'redis://127.0.0.1' }),
        laptop: here('http://pi.local', { REDIS_URL: 'redis://pi.local' }),
        router: here('http://pi', { REDIS_URL: 'redis://pi' }),
        address: here('http://192.168.1.5', { REDIS_URL: 'redis://192.168.1.5' }),
        nothing: here('http://pi'),
      },
      {
        loopback: true,
        bundle: true,
        sentinel: true,
        socket: true,
        local: true,
        laptop: false,
        router: false,
        address: false,
        nothing: false,
      },
    );
  });

  test('tells of unusual memory pages only where Redis may have ended for them', async () => {
    const said = async (pages: number | undefined, runs: boolean, isHere: boolean) => {
      const { state, text } = await checkPageSize(machine({ pageSize: async () => pages }), runs, isHere);
      return `${state}: ${text}`;
    };
    const away = 'skipped: not looked at: Redis does not answer.';
    const hint = `${away} Memory pages have 16 KiB here: if its log says "Unsupported system page size" (docker compose logs redis), it was built for 4 KiB. Take the image redis:8-alpine then, or set kernel=kernel8.img in config.txt.`;
    assert.equal(await said(16_384, false, true), hint);
    assert.equal(await said(16_384, false, false), away);
    assert.equal(await said(4_096, false, true), away);
    assert.equal(await said(undefined, false, true), away);
    assert.equal(await said(16_384, true, true), "ok: Redis knows its machine's size of memory pages");
  });

  test('knows the disk and the memory pages of a real machine', async () => {
    const { free, size } = await thisMachine.disk();
    assert.ok(free > 0 && free < size, `${free} of ${size}`);
    assert.match(String(await thisMachine.pageSize()), /^(4096|16384|65536)$/);
    assert.ok(thisMachine.built <= Date.now(), 'it was built before now');
  });
});
