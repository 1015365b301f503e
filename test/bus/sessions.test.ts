import assert from 'node:assert/strict';
import { afterEach, describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { MemorySessions } from '../../src/bus/memorySessions.ts';
import { RedisLink } from '../../src/bus/redisLink.ts';
import { RedisSessions } from '../../src/bus/redisSessions.ts';
import { changeSession, type SessionRecord, type Sessions } from '../../src/bus/sessions.ts';
import { silentLog } from '../../src/lib/log.ts';
import { eventually } from '../support/ready.ts';
import { useRedis } from '../support/redis.ts';

const WORD = 'a-word-of-22-characters';

function record(rev: number, ...channels: string[]): SessionRecord {
  return { rev, channels, owed: [], stream: 's' };
}

function until(isSo: () => boolean): Promise<void> {
  return eventually('it is told', async () => {
    await turn();
    return isSo();
  });
}

interface Opened {
  readonly sessions: Sessions;
  readonly changed: string[];
  /** Lets time pass. */
  later(seconds: number): Promise<void>;
}

/** What every keeper of sessions promises. The same tests run on both. */
function contract(kind: string, open: () => Promise<Opened>): void {
  describe(`sessions in ${kind}`, () => {
    test('keep a record as it is, for each word one', async () => {
      const { sessions } = await open();
      assert.equal(await sessions.read(WORD), undefined);
      const owed = { channel: 'b*', since: 'e-1', rev: 1, at: 'e-3', except: ['b1'] };
      const one: SessionRecord = { ...record(1, 'a', 'kanal ü "\\\n'), owed: [owed] };
      assert.equal(await sessions.swap(WORD, undefined, one), true);
      assert.equal(await sessions.swap(`${WORD}2`, undefined, record(0, 'c')), true);
      assert.deepEqual((await sessions.read(WORD))?.record, one);
      assert.deepEqual((await sessions.read(`${WORD}2`))?.record, record(0, 'c'));
    });

    test('keep the first of two that change the same record', async () => {
      const { sessions } = await open();
      assert.equal(await sessions.swap(WORD, undefined, record(0, 'a')), true);
      assert.equal(await sessions.swap(WORD, undefined, record(0, 'x')), false);
      const was = await sessions.read(WORD);
      assert.equal(await sessions.swap(WORD, was, record(1, 'b')), true);
      assert.equal(await sessions.swap(WORD, was, record(1, 'x')), false);
      assert.deepEqual((await sessions.read(WORD))?.record, record(1, 'b'));
    });

    test('lose no change, however many come at once', async () => {
      const { sessions } = await open();
      const add = (channel: string) =>
        changeSession(sessions, WORD, (was) =>
          record((was?.rev ?? 0) + 1, ...(was?.channels ?? []), channel),
        );
      await Promise.all(Array.from({ length: 20 }, (_, i) => add(String(i))));
      const kept = (await sessions.read(WORD))?.record;
      assert.equal(kept?.rev, 20);
      assert.equal(new Set(kept?.channels).size, 20);
    });

    test('leave the record as it is when there is nothing to change', async () => {
      const { sessions, changed } = await open();
      assert.equal(await changeSession(sessions, WORD, () => undefined), undefined);
      await changeSession(sessions, WORD, () => record(1, 'a'));
      assert.deepEqual(await changeSession(sessions, WORD, async () => undefined), record(1, 'a'));
      await until(() => changed.length === 1);
    });

    test('tell of other channels, and not of what else is kept', async () => {
      const { sessions, changed } = await open();
      await changeSession(sessions, WORD, () => record(1, 'a'));
      await changeSession(sessions, WORD, () => ({ ...record(1, 'a'), stream: 'other' }));
      await changeSession(sessions, WORD, () => record(2, 'b'));
      await until(() => changed.length >= 2);
      assert.deepEqual(changed, [WORD, WORD]);
    });

    test('forget soon what its stream has parted from, unless somebody asks for it or changes it', async () => {
      const { sessions, later } = await open();
      const part = async () => {
        const was = await sessions.read(WORD);
        assert.ok(was);
        await sessions.part(WORD, was);
        return was;
      };
      await sessions.swap(WORD, undefined, record(0, 'a'));
      await part();
      await later(50);
      assert.ok(await sessions.read(WORD));
      await later(3000);
      const was = await part();
      await sessions.swap(WORD, was, record(1, 'b'));
      await sessions.part(WORD, was);
      await later(3000);
      assert.deepEqual((await sessions.read(WORD))?.record, record(1, 'b'));
      await part();
      await later(61);
      assert.equal(await sessions.read(WORD), undefined);
    });

    test('forget what nobody has asked for in an hour', async () => {
      const { sessions, later } = await open();
      await sessions.swap(WORD, undefined, record(0, 'a'));
      await later(3000);
      assert.ok(await sessions.read(WORD));
      await later(3000);
      assert.ok(await sessions.read(WORD));
      await later(3601);
      assert.equal(await sessions.read(WORD), undefined);
      assert.equal(await sessions.swap(WORD, undefined, record(0, 'b')), true);
    });
  });
}

contract('memory', async () => {
  let now = 0;
  const sessions = new MemorySessions(() => now);
  const changed: string[] = [];
  sessions.start((word) => void changed.push(word));
  const later = async (seconds: number) => {
    now += seconds * 1000;
  };
  return { sessions, changed, later };
});

test('sessions in memory are bounded: the one that was longest not asked for goes', async () => {
  const sessions = new MemorySessions();
  for (let i = 0; i < 50_000; i++) await sessions.swap(String(i), undefined, record(0, 'a'));
  assert.ok(await sessions.read('0'));
  await sessions.swap('another', undefined, record(0, 'a'));
  assert.equal(await sessions.read('1'), undefined);
  assert.ok(await sessions.read('0'));
  assert.ok(await sessions.read('another'));
});

test('sessions in memory are bounded in bytes too: those that were parted from go first', async () => {
  const sessions = new MemorySessions();
  const large = record(1, 'x'.repeat(1_048_576));
  await sessions.swap('changed', undefined, large);
  await sessions.swap('parted', undefined, large);
  const parted = await sessions.read('parted');
  assert.ok(parted);
  await sessions.part('parted', parted);
  for (let i = 0; i < 14; i++) await sessions.swap(String(i), undefined, large);
  assert.equal(await sessions.read('parted'), undefined);
  assert.ok(await sessions.read('changed'));
  for (let i = 14; i < 28; i++) await sessions.swap(String(i), undefined, large);
  assert.equal(await sessions.read('0'), undefined);
  assert.ok(await sessions.read('27'));
});

describe('sessions', () => {
  const redis = useRedis();
  const links: RedisLink[] = [];
  afterEach(async () => {
    for (const link of links.splice(0)) await link.close();
    await redis().command('FLUSHALL');
  });

  async function open(prefix = 'pinstream:'): Promise<Opened & { missed: () => number }> {
    const link = new RedisLink({ url: redis().url, prefix }, silentLog);
    links.push(link);
    const sessions = new RedisSessions(link);
    const changed: string[] = [];
    let missed = 0;
    sessions.start(
      (word) => void changed.push(word),
      () => missed++,
    );
    link.start();
    await until(() => link.ready && missed > 0);
    // As if so much time had passed: a shorter life for the key than the test would have to wait.
    const later = async (seconds: number) => {
      const key = `${prefix}session:${WORD}`;
      const left = Number(await redis().command('TTL', key)) - seconds;
      await redis().command('EXPIRE', key, String(left));
    };
    return { sessions, changed, later, missed: () => missed };
  }

  contract('Redis', open);

  test('are told to every app of the same installation, and to no other one', async () => {
    const [one, two, other] = [await open(), await open(), await open('other:')];
    await changeSession(one.sessions, WORD, () => record(1, 'a'));
    await until(() => two.changed.length > 0 && one.changed.length > 0);
    await changeSession(other.sessions, WORD, () => record(7, 'x'));
    await until(() => other.changed.length > 0);
    assert.deepEqual(two.changed, [WORD]);
    assert.deepEqual((await two.sessions.read(WORD))?.record, record(1, 'a'));
  });

  test('say when something may have been missed: after each new connection', async () => {
    const { missed } = await open();
    const before = missed();
    await redis().command('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await until(() => missed() > before);
    const between = missed();
    await redis().command('CLIENT', 'KILL', 'TYPE', 'normal');
    await until(() => missed() > between);
  });
});
