import assert from 'node:assert/strict';
import { beforeEach, describe, type TestContext, test } from 'node:test';
import { COMMAND_MS, DEVICE_SECONDS } from '../../src/bus/board.ts';
import { MemoryBoard } from '../../src/bus/memoryBoard.ts';
import { RedisBoard } from '../../src/bus/redisBoard.ts';
import { RedisBus } from '../../src/bus/redisBus.ts';
import { RedisLink } from '../../src/bus/redisLink.ts';
import { silentLog } from '../../src/lib/log.ts';
import { eventually } from '../support/ready.ts';
import { useRedis } from '../support/redis.ts';
import { REPORT } from '../support/sidecarReport.ts';

describe('what the board in memory knows of the sidecar', () => {
  test('is nothing before it has spoken, and then what it said last', async () => {
    const board = new MemoryBoard();
    assert.deepEqual(await board.sidecar(), { lives: false });
    await board.deviceAlive({ ...REPORT, waiting: 9 });
    await board.deviceAlive(REPORT);
    assert.deepEqual(await board.sidecar(), { lives: true, report: REPORT });
  });

  test('is believed for ten seconds', async (t) => {
    const board = new MemoryBoard();
    const now = t.mock.method(performance, 'now', () => 5_000);
    await board.deviceAlive(REPORT);
    now.mock.mockImplementation(() => 5_000 + DEVICE_SECONDS * 1000 - 1);
    assert.deepEqual(await board.sidecar(), { lives: true, report: REPORT });
    now.mock.mockImplementation(() => 5_000 + DEVICE_SECONDS * 1000);
    assert.deepEqual(await board.sidecar(), { lives: false });
  });
});

describe('a command on the board in memory', () => {
  test('is answered by the sidecar, or by nobody where there is none', async () => {
    const board = new MemoryBoard();
    assert.equal(await board.command({ pin: 'led', value: 1 }), 'nobody');
    const reply = { ok: false, refused: 'failing', error: 'In use.' } as const;
    await board.start(async () => reply);
    assert.deepEqual(await board.command({ pin: 'led', value: 1 }), { reply });
  });

  test('is not waited for any longer than over Redis', async (t) => {
    const board = new MemoryBoard();
    await board.start(() => new Promise(() => {}));
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const outcome = board.command({ pin: 'led', value: 1 });
    t.mock.timers.tick(COMMAND_MS);
    assert.equal(await Promise.race([outcome, new Promise((resolve) => setImmediate(resolve))]), 'silent');
  });
});

describe('what the board in Redis knows of the sidecar', () => {
  const redis = useRedis();
  beforeEach(() => redis().command('FLUSHALL'));

  async function opened(t: TestContext) {
    const link = new RedisLink({ url: redis().url, prefix: 'pinstream:' }, silentLog);
    const [board, bus] = [
      new RedisBoard(link),
      new RedisBus(link, { logLength: 10, logAge: 86_400_000, maxChannels: 10, storeBytes: 100_000 }),
    ];
    await board.start();
    await bus.start();
    t.after(() => board.close());
    await eventually('Redis is reached', async () => bus.status().ready);
    return { board, bus };
  }

  test('is nothing before it has spoken, and then what it said last, for any app', async (t) => {
    const [{ board }, other] = [await opened(t), await opened(t)];
    assert.deepEqual(await other.board.sidecar(), { lives: false });
    await board.deviceAlive({ ...REPORT, waiting: 9 });
    await board.deviceAlive(REPORT);
    assert.deepEqual(await other.board.sidecar(), { lives: true, report: REPORT });
  });

  test('runs out by itself', async (t) => {
    const { board } = await opened(t);
    await board.deviceAlive(REPORT);
    for (const key of ['pinstream:device', 'pinstream:sidecar']) {
      const left = Number(await redis().command('TTL', key));
      assert.ok(left > DEVICE_SECONDS - 3 && left <= DEVICE_SECONDS, `${key}: ${left} s`);
    }
  });

  const said = (lives: boolean) => ({
    event: { channel: 'device', name: 'state', data: '{}', at: 0 },
    terms: { hardware: true, device: { lives, pins: ['button'] } },
  });

  test('is not lost when the device says a state, and is none when it has said goodbye', async (t) => {
    const { board, bus } = await opened(t);
    await board.deviceAlive(REPORT);
    const state = said(true);
    await bus.append(state.event, state.terms);
    assert.deepEqual(await board.sidecar(), { lives: true, report: REPORT });
    const goodbye = said(false);
    await bus.append(goodbye.event, goodbye.terms);
    assert.deepEqual(await board.sidecar(), { lives: false });
  });

  test('tells the sidecar for how long the log of the device is still kept', async (t) => {
    const { board, bus } = await opened(t);
    assert.equal(await board.deviceAlive(REPORT), 0);
    const state = said(true);
    await bus.append(state.event, state.terms);
    const left = await board.deviceAlive(REPORT);
    assert.ok(left > 86_300_000 && left <= 86_400_000, `${left} ms`);
    await redis().command('PERSIST', 'pinstream:log:device');
    assert.equal(await board.deviceAlive(REPORT), Number.POSITIVE_INFINITY);
  });

  test('of an older version is that it lives; and older apps hear that a newer one does', async (t) => {
    const { board } = await opened(t);
    await redis().command('SET', 'pinstream:device', '1', 'EX', '10');
    assert.deepEqual(await board.sidecar(), { lives: true });
    await board.deviceAlive(REPORT);
    assert.deepEqual(
      [await redis().command('GET', 'pinstream:device'), await board.deviceLives()],
      ['1', true],
    );
  });

  test('may be nonsense that somebody else has written, and says nothing then', async (t) => {
    const { board } = await opened(t);
    await redis().command('SET', 'pinstream:device', '1');
    for (const text of [
      '1',
      'null',
      '{',
      '{}',
      JSON.stringify({ ...REPORT, stalls: '2' }),
      JSON.stringify({ ...REPORT, waiting: -1 }),
      JSON.stringify({ ...REPORT, driver: null }),
      JSON.stringify({ ...REPORT, pins: [{ name: 'button', failing: false }] }),
    ]) {
      await redis().command('SET', 'pinstream:sidecar', text);
      assert.deepEqual(await board.sidecar(), { lives: true }, text);
    }
    await redis().command('SET', 'pinstream:sidecar', JSON.stringify({ ...REPORT, newer: 1 }));
    assert.equal((await board.sidecar()).report?.longestStall, 312);
  });
});
