import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { judgeRedis } from '../../src/doctor/redis.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { ALLOWED, WELL } from '../support/doctor.ts';
import { type Examination, examined } from '../support/examined.ts';
import { startFaultyProxy } from '../support/faultyProxy.ts';
import { eventually, ready } from '../support/ready.ts';
import { TestRedis } from '../support/redis.ts';

const GOOD = ['--appendonly', 'yes', '--maxmemory', '128mb', '--maxmemory-policy', 'noeviction'];

/** The same, with a Redis that is as it should be. */
const WITH_REDIS: Readonly<Record<string, string>> = {
  ...WELL,
  publish: '✓ an event is taken through Redis',
  redis: '✓ Redis 7.0.15 answers',
  'redis-aof': '✓ Redis writes its log (AOF)',
  'redis-eviction': '✓ Redis throws nothing away (noeviction)',
  'redis-memory': '✓ the memory of Redis is bounded (128 MiB, for 64 MiB of events)',
  'page-size': "✓ Redis knows its machine's size of memory pages",
};

async function bundle(
  t: TestContext,
  options: readonly string[] = GOOD,
  settings: Readonly<Record<string, string>> = {},
): Promise<{
  redis: TestRedis;
  app: TestApp;
  look: (more?: Examination) => Promise<Record<string, string>>;
}> {
  const redis = await TestRedis.start({ options });
  t.after(() => redis.stop());
  const own = { REDIS_URL: redis.url, HEARTBEAT: '300ms', CORS_ORIGINS: ALLOWED, ...settings };
  const app = await startApp(own, { mock: true });
  t.after(() => app.stop());
  await ready(app.url);
  await eventually(
    'the sidecar lives',
    async () => (await redis.command('EXISTS', 'pinstream:device')) === 1,
  );
  const proxy = await startFaultyProxy(app.port, ALLOWED);
  t.after(() => proxy.stop());
  const mine = { REDIS_URL: redis.url, CORS_ORIGINS: ALLOWED };
  const version = /redis_version:(\S+)/.exec(String(await redis.command('INFO', 'server')))?.[1];
  return {
    redis,
    app,
    look: async (more) => {
      const said = await examined(proxy.url, { settings: mine, ...more });
      if (said.redis) said.redis = said.redis.replace(String(version), '7.0.15');
      return said;
    },
  };
}

describe('the doctor on Redis', { concurrency: 3 }, () => {
  test('says that all is well when it is, and publishes through it', async (t) => {
    const { look } = await bundle(t);
    assert.deepEqual(await look(), WITH_REDIS);
  });

  test('tells of one that writes no log, or leaves it to the system when', async (t) => {
    const { redis, look } = await bundle(t);
    await redis.command('CONFIG', 'SET', 'appendfsync', 'no');
    assert.deepEqual(await look(), {
      ...WITH_REDIS,
      'redis-aof':
        '✗ Redis leaves it to the system when its log is written: a power cut loses up to half a minute. Set appendfsync everysec.',
    });
    await redis.command('CONFIG', 'SET', 'appendonly', 'no');
    assert.deepEqual(await look(), {
      ...WITH_REDIS,
      'redis-aof':
        '✗ Redis does not write its log (AOF): a restart of it loses every event. Set appendonly yes.',
    });
  });

  test('tells of one that throws events away', async (t) => {
    const { redis, look } = await bundle(t);
    await redis.command('CONFIG', 'SET', 'maxmemory-policy', 'allkeys-lru');
    assert.deepEqual(await look(), {
      ...WITH_REDIS,
      'redis-eviction':
        '✗ A full Redis throws events away by itself (maxmemory-policy allkeys-lru), and nobody is told. Set maxmemory-policy noeviction.',
    });
  });

  test('tells of memory without a bound, with too low a one for what the app has set, and of one that is full', async (t) => {
    const { redis, look } = await bundle(t, GOOD, { STORE_BYTES: '100MiB' });
    await redis.command('CONFIG', 'SET', 'maxmemory', '0');
    assert.deepEqual(await look(), {
      ...WITH_REDIS,
      'redis-memory':
        '✗ The memory of Redis is not bounded: when there is none left, the system ends whatever it likes. Set maxmemory, to twice STORE_BYTES (200 MiB).',
    });
    await redis.command('CONFIG', 'SET', 'maxmemory', '80mb');
    assert.deepEqual(await look(), {
      ...WITH_REDIS,
      'redis-memory':
        "✗ Redis may use 80 MiB (maxmemory), not more than STORE_BYTES (100 MiB): it would refuse the sidecar's presses too. Set maxmemory to twice as much, or lower STORE_BYTES.",
    });
    const full = new Map([
      ['maxmemory', '134217728'],
      ['used_memory', '130023424'],
    ]);
    const facts = { where: 'x', info: full, settings: new Map(), clock: { there: 0, here: 0 } };
    assert.equal(
      judgeRedis(facts, 67_108_864).at(-1)?.text,
      'Redis uses 124 MiB of 128 MiB (maxmemory) and is about to refuse events: raise maxmemory, or lower STORE_BYTES.',
    );
  });

  test('looks without CONFIG, where that is forbidden', async (t) => {
    const { look } = await bundle(t, [...GOOD, '--rename-command', 'CONFIG', '']);
    assert.deepEqual(await look(), WITH_REDIS);
  });

  test('tells of a replica', async (t) => {
    const master = await TestRedis.start();
    t.after(() => master.stop());
    const { redis, look } = await bundle(t);
    await redis.command('REPLICAOF', '127.0.0.1', String(master.port));
    assert.equal(
      (await look()).redis,
      `✗ Redis at 127.0.0.1:${redis.port} is a replica, which takes no events: name its master in REDIS_URL, or set REDIS_SENTINELS.`,
    );
  });

  test('tells of one that it cannot reach, of a wrong password, and of memory pages that may be the reason', async (t) => {
    const { redis, look } = await bundle(t);
    await redis.command('CONFIG', 'SET', 'requirepass', 'secret');
    const where = `Redis at 127.0.0.1:${redis.port} cannot be reached:`;
    const pageSize = async () => 16_384;
    const refused = await look({ machine: { pageSize } });
    assert.deepEqual(
      [refused.redis, refused['page-size']],
      [`✗ ${where} it wants another user or password than REDIS_URL has.`, WITH_REDIS['page-size']],
    );
    await redis.kill();
    const away = await look();
    assert.deepEqual(
      [away.redis, away['redis-aof'], away['page-size']],
      [
        `✗ ${where} nothing listens there. Is it running?`,
        undefined,
        '– not looked at: Redis does not answer.',
      ],
    );
    const pages = await look({ machine: { pageSize } });
    assert.deepEqual(
      { ...away, ...pages },
      {
        ...away,
        // Of its connection the app says first that it was closed, then that none comes about.
        reachable: pages.reachable as string,
        'page-size':
          '– not looked at: Redis does not answer. Memory pages have 16 KiB here: if its log says "Unsupported system page size" (docker compose logs redis), it was built for 4 KiB. Take the image redis:8-alpine then, or set kernel=kernel8.img in config.txt.',
      },
    );
  });

  test('tells of another Redis than the app has', async (t) => {
    const { look } = await bundle(t);
    const other = await TestRedis.start({ options: GOOD });
    t.after(() => other.stop());
    const said = await look({ settings: { REDIS_URL: other.url }, patience: { event: 100 } });
    assert.equal(
      said.events,
      '✗ Events that are published from here never come to that app: are its REDIS_URL and REDIS_PREFIX the same as here?',
    );
  });

  test('tells of a sidecar that is silent, before anybody else does', async (t) => {
    const redis = await TestRedis.start({ options: GOOD });
    t.after(() => redis.stop());
    const app = await startApp({ REDIS_URL: redis.url, HEARTBEAT: '300ms' });
    t.after(() => app.stop());
    await ready(app.url);
    const proxy = await startFaultyProxy(app.port, ALLOWED, {
      answer: ({ url }, response) => {
        if (url !== '/pins') return false;
        // As it is said until the keeper notices that the sidecar was killed.
        response.writeHead(200).end('{"state":"online","driver":"onoff","pins":[],"at":1}');
        return true;
      },
    });
    t.after(() => proxy.stop());
    const settings = { REDIS_URL: redis.url };
    const { gpio } = await examined(proxy.url, { settings });
    assert.equal(
      gpio,
      '✗ No sidecar runs, or it has not said so for 10 s: nobody watches the pins. Start it, or look at its log (docker compose up -d sidecar; docker compose logs sidecar).',
    );
    await redis.command('SET', 'pinstream:device', 'lives');
    assert.equal((await examined(proxy.url, { settings })).gpio, '✓ 0 pins watched (onoff)');
  });

  test('tells of a sidecar that has never got as far as Redis, and of one that has only just', async (t) => {
    const redis = await TestRedis.start({ options: GOOD });
    t.after(() => redis.stop());
    const app = await startApp({ REDIS_URL: redis.url, HEARTBEAT: '300ms' });
    t.after(() => app.stop());
    await ready(app.url);
    const settings = { REDIS_URL: redis.url };
    assert.equal(
      (await examined(app.url, { settings })).gpio,
      '✗ No sidecar has ever started here: docker compose logs sidecar says why.',
    );
    // From outside nobody knows whether there shall be one.
    assert.equal((await examined(app.url)).gpio, '– not looked at: no sidecar has ever run here.');
    await redis.command('SET', 'pinstream:device', 'lives');
    assert.equal(
      (await examined(app.url, { settings })).gpio,
      '✗ The sidecar has only just started, and has not said how its pins are. Look again.',
    );
  });

  test('tells of a log that could not be written, and of one that is still read', () => {
    const good = [
      ['redis_version', '8.0.0'],
      ['role', 'master'],
      ['loading', '0'],
      ['aof_enabled', '1'],
      ['aof_last_write_status', 'ok'],
      ['aof_last_bgrewrite_status', 'ok'],
    ] as const;
    const judged = (name: string, value: string) =>
      judgeRedis(
        {
          where: 'redis:6379',
          info: new Map([...good, [name, value]]),
          settings: new Map(),
          clock: { there: 0, here: 0 },
        },
        1,
      )
        .slice(0, 2)
        .filter(({ state }) => state === 'fault')
        .map(({ text }) => text);
    assert.deepEqual(judged('aof_last_write_status', 'err'), [
      "Redis could not write its log (AOF) last: is its disk full or broken? Redis's own log says why.",
    ]);
    assert.deepEqual(judged('aof_last_bgrewrite_status', 'err'), [
      "Redis could not rewrite its log (AOF) last, so it grows: is there too little memory or disk? Redis's own log says why.",
    ]);
    assert.deepEqual(judged('loading', '1'), [
      'Redis at redis:6379 is still reading its log after a start: look again in a while.',
    ]);
    assert.deepEqual(judged('redis_version', '5.0.14'), [
      'Redis at redis:6379 is version 5.0.14: Pinstream needs 6 or newer.',
    ]);
    assert.deepEqual(judged('redis_version', '8.0.0'), []);
  });
});
