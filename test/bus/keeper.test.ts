import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import type { Redis } from 'ioredis';
import { Lines } from '../support/lines.ts';
import { eventually } from '../support/ready.ts';
import { TestRedis } from '../support/redis.ts';
import { Replica, type ReplicaOptions } from '../support/replica.ts';

describe('the keeper', () => {
  let redis: TestRedis;
  let client: Redis;
  const replicas: Replica[] = [];

  before(async () => {
    redis = await TestRedis.start();
    client = redis.client();
  });
  after(async () => {
    client.disconnect();
    await redis.stop();
  });
  beforeEach(() => client.flushall());
  afterEach(async () => {
    for (const replica of replicas.splice(0)) await replica.stop();
  });

  async function replica(options?: ReplicaOptions): Promise<Replica> {
    const made = new Replica(redis.url, options);
    replicas.push(made);
    return made.start();
  }

  test('gives raw publishes numbers, each once, in their order, whatever they say', async () => {
    const { heard } = await replica();
    const payloads = [
      '[1, 2, 3]',
      'hello',
      'hello',
      '{broken',
      '["ev","data"]',
      '{"data":"x","type":"t"}',
      '',
    ];
    for (const payload of payloads) await client.publish('base', payload);
    await heard.until(() => heard.events.length === payloads.length);
    const said = heard.events.map(({ n, channel, name, data, raw, adopted }) => ({
      n,
      channel,
      name,
      data,
      raw,
      adopted,
    }));
    const all = (n: number, name: string, data: string, raw?: string) => ({
      n,
      channel: 'base',
      name,
      data,
      raw,
      adopted: true,
    });
    assert.deepEqual(said, [
      all(1, 'message', '[1, 2, 3]'),
      all(2, 'message', 'hello'),
      all(3, 'message', 'hello'),
      all(4, 'message', '{broken'),
      all(5, 'ev', 'data', '["ev","data"]'),
      all(6, 't', 'x', '{"data":"x","type":"t"}'),
      all(7, 'message', ''),
    ]);
  });

  test('adopts once with several apps, also of overlapping patterns', async () => {
    const apps = [
      await replica({ adopt: ['*', 'room-*', 'base'] }),
      await replica({ adopt: ['*', 'room-*', 'base'] }),
      await replica({ adopt: ['*', 'room-*', 'base'] }),
    ];
    for (let i = 0; i < 300; i++) await client.publish(i % 2 ? 'base' : 'room-1', `${i % 3}`);
    const expected = Array.from({ length: 300 }, (_, i) => `${i % 3}`);
    for (const { heard } of apps) await heard.until(() => heard.n >= 300);
    for (const app of apps) assert.deepEqual(app.texts, expected);
    // The event rings before its append is answered, and counted.
    const keeper = apps.find(({ adopted }) => adopted > 0);
    await keeper?.heard.until(() => keeper.adopted >= 300);
    assert.deepEqual(apps.map(({ adopted }) => adopted).sort(), [0, 0, 300]);
  });

  test('another app goes on when the keeper is killed: nothing lost, nothing doubled', async () => {
    const first = await replica();
    await client.publish('base', 'warm-up');
    await first.heard.until(() => first.heard.n === 1);
    const second = await replica();
    const expected = ['warm-up'];
    for (let i = 0; i < 500; i++) {
      const text = `same ${i % 3}`;
      expected.push(text);
      await client.publish('base', text);
      if (i === 250) await first.crash();
    }
    await second.heard.until(() => second.heard.events.length >= 500);
    const { events } = await second.bus.since({ channels: ['*'], after: 0, limit: 1000 });
    assert.deepEqual(
      events.map(({ data }) => data),
      expected,
    );
    assert.ok(first.adopted > 0 && second.adopted > 0, 'both have kept some');
  });

  test('what an earlier keeper still has under way is fenced', async () => {
    const app = await replica();
    await client.set('pinstream:keeper', 'somebody else', 'PX', 60_000);
    await assert.rejects(
      app.bus.append(
        { channel: 'a', name: 'message', data: 'x', at: 0 },
        { lease: { key: 'pinstream:keeper', token: 'mine' } },
      ),
      ({ reason }: { reason: string }) => reason === 'fenced',
    );
    assert.equal((await app.bus.position()).n, 0);
  });

  test('never adopts what is our own, Redis’s own, or no channel', async () => {
    const { heard, odd } = await replica();
    await client.config('SET', 'notify-keyspace-events', 'KEA');
    await client.set('some', 'thing');
    for (const channel of ['pinstream:x', '__keyevent@0__:set', 'with\nline', 'x'.repeat(201), 'device'])
      await client.publish(channel, 'no');
    await client.publish('large', 'x'.repeat(65_537));
    await client.publish('base', Buffer.from([0x61, 0xff, 0x62]));
    await client.publish('base', '["error","x"]');
    await heard.until(() => heard.n === 2);
    await client.config('SET', 'notify-keyspace-events', '');
    assert.deepEqual(
      heard.events.map(({ channel, name, data }) => [channel, name, data]),
      [
        ['base', 'message', 'a\ufffdb'],
        ['base', 'message', 'x'],
      ],
    );
    assert.deepEqual(odd.sort(), ['not-utf8', 'owned', 'reserved-name', 'too-large']);
  });

  test('adopts nothing where it is not asked to, and only what it is asked for', async () => {
    const { heard } = await replica({ adopt: ['room-*', 'a?c'] });
    for (const channel of ['base', 'abc', 'room', 'room-1', 'a?c']) await client.publish(channel, channel);
    await heard.until(() => heard.n === 2);
    assert.deepEqual(
      heard.events.map(({ channel }) => channel),
      ['room-1', 'a?c'],
    );
  });

  test('what does not fit into the store is dropped for good, and counted', async () => {
    const app = await replica({ storeBytes: 100 });
    const other = await replica({ storeBytes: 100 });
    await client.publish('base', 'x'.repeat(80));
    await client.publish('base', 'y'.repeat(80));
    await client.publish('base', 'z');
    await other.heard.until(() => other.heard.n === 2);
    assert.deepEqual(other.texts, ['x'.repeat(80), 'z']);
    // The keeper counts it when its own connection says so: the other may have heard more by then.
    await Promise.race([app, other].map(({ heard, odd }) => heard.until(() => odd.length > 0)));
    assert.deepEqual([...app.odd, ...other.odd], ['full']);
  });

  test('is never an app that adopts nothing, as long as there is one that does', async () => {
    const idle = await replica({ adopt: [] });
    await idle.heard.until(() => idle.heard.opened.length > 0);
    const { heard } = await replica();
    await client.publish('base', 'x');
    await heard.until(() => heard.n === 1);
  });

  test('is in step again after its connections were cut, and keeps what comes then once', async () => {
    const [first, second] = [await replica(), await replica()];
    await client.publish('base', 'before');
    for (const { heard } of [first, second]) await heard.until(() => heard.n === 1);
    for (const id of ((await client.client('LIST')) as string).matchAll(/^id=(\d+) .* cmd=(?!client)/gm)) {
      await client.client('KILL', 'ID', id[1] as string).catch(() => 0);
    }
    // What is published before they listen again is gone, as in Redis itself.
    for (let i = 0; first.heard.n < 20 || second.heard.n < 20; i++) await client.publish('base', `${i}`);
    await client.publish('base', 'end');
    for (const { heard } of [first, second]) await heard.until(() => heard.events.at(-1)?.data === 'end');
    assert.deepEqual(first.texts, second.texts);
    const numbers = first.texts.slice(1, -1).map(Number);
    const [from = 0] = numbers;
    assert.deepEqual(
      numbers,
      Array.from(numbers, (_, i) => from + i),
    );
  });

  /** Who holds the lease. */
  async function holder(): Promise<string | null> {
    return client.get('pinstream:keeper');
  }

  /** The app becomes the keeper, and adopts what is left to it. */
  async function takesOver(app: Replica): Promise<void> {
    await client.del('pinstream:keeper', 'pinstream:keepers'); // as after their time
    await eventually('it takes the lease', async () => (await holder()) !== null);
    await client.publish('base', 'end');
    await app.heard.until(() => app.texts.includes('end') && app.adopted > 0);
  }

  /** Waits until so many apps may take the lease: their markers have come back. Who began alone holds it, and is none. */
  async function candidates(count: number): Promise<void> {
    await eventually(`${count} candidates`, async () => (await client.zcard('pinstream:keepers')) === count);
  }

  /** Cuts the connections on which something is listened to, or the one of them that was opened first. */
  async function cutEars(most = Number.POSITIVE_INFINITY): Promise<void> {
    const all = (await client.call('CLIENT', 'LIST', 'TYPE', 'pubsub')) as string;
    const ids = [...all.matchAll(/^id=(\d+)/gm)].map(([, id]) => id as string);
    for (const id of ids.slice(0, most)) await client.client('KILL', 'ID', id);
  }

  test('an app that adopts all that is published gets each event from Redis once', async () => {
    const hearers = async () => (await client.pubsub('NUMSUB', 'pinstream:doorbell:0:pinstream:'))[1];
    const { heard } = await replica({ adopt: ['*'] });
    await client.publish('base', 'x');
    await heard.until(() => heard.n === 1);
    assert.equal(await hearers(), 0);
    const some = await replica({ adopt: ['base*'] });
    assert.equal(await hearers(), 1);
    await client.publish('base', 'y');
    await Promise.all([heard, some.heard].map((each) => each.until(() => each.n === 2)));
    assert.deepEqual(
      heard.events.map(({ data }) => data),
      ['x', 'y'],
    );
  });

  test('adopts nothing before it has heard what the earlier keeper has adopted', async () => {
    const first = await replica();
    await client.publish('base', 'warm-up');
    await first.heard.until(() => first.heard.n === 1);
    const second = await replica();
    await candidates(1);
    // The second app hears the raw publish; that the first one has adopted it, it hears only later.
    second.holdDoorbell();
    await client.publish('base', 'x');
    await first.heard.until(() => first.heard.n === 2);
    const before = await holder();
    await first.stop();
    await eventually('the second app takes the lease', async () => {
      const now = await holder();
      return now !== null && now !== before;
    });
    await client.publish('base', 'y');
    second.release();
    await second.heard.until(() => second.texts.includes('y'));
    const { events } = await second.bus.since({ channels: ['*'], after: 0 });
    assert.deepEqual(
      events.map(({ data }) => data),
      ['warm-up', 'x', 'y'],
    );
  });

  test('does not adopt again what the log had dropped before it heard of it, also alone', async () => {
    const first = await replica({ logLength: 3 });
    await client.publish('base', 'warm-up');
    await first.heard.until(() => first.heard.n === 1);
    const second = await replica({ logLength: 3 });
    await candidates(1);
    second.holdDoorbell();
    for (const text of ['x', 'x', 'y']) await client.publish('base', text);
    await first.heard.until(() => first.heard.n === 4);
    for (let i = 0; i < 3; i++)
      await first.bus.append({ channel: 'base', name: 'message', data: `${i}`, at: 0 });
    await first.crash();
    second.loseDoorbell();
    const { send } = second.link;
    const asked = send.pinstreamAdopted.bind(send);
    const failing = async () => {
      Object.assign(send, { pinstreamAdopted: asked });
      throw new Error('Connection is closed.');
    };
    Object.assign(send, { pinstreamAdopted: failing }); // the first time
    await cutEars();
    await second.heard.until(() => second.heard.n === 7);
    await takesOver(second);
    assert.deepEqual([second.adopted, second.heard.n], [1, 8]);
  });

  test('does not adopt what it heard at its start, before it knew where the store is', async () => {
    const first = await replica();
    await client.publish('base', 'warm-up');
    await first.heard.until(() => first.heard.n === 1);
    const second = new Replica(redis.url);
    replicas.push(second);
    const position = second.bus.position.bind(second.bus);
    second.bus.position = async () => {
      second.bus.position = position;
      await client.publish('base', 'x');
      await first.heard.until(() => first.heard.n === 2);
      await first.crash();
      return position();
    };
    await second.start();
    await takesOver(second);
    assert.deepEqual([second.adopted, second.heard.n], [1, 3]);
  });

  test('Redis remembers what was adopted, also after its logs are gone, and knows how far', async () => {
    const { heard, link } = await replica({ logLength: 1 });
    for (const text of ['x', 'é', '{"type":"t","data":"d"}']) await client.publish('base', text);
    await heard.until(() => heard.n === 3);
    const { adopted, meta } = link.names;
    const between = (after: number, upTo: number) =>
      link.ask((redis) => redis.pinstreamAdopted(adopted, meta, after, upTo));
    const sha1 = (text: string) => createHash('sha1').update(text).digest('hex');
    const third = ['3', 'base', sha1('{"type":"t","data":"d"}')];
    assert.deepEqual(await between(0, 2), ['1', ['1', 'base', sha1('x')], ['2', 'base', sha1('é')]]);
    assert.deepEqual(await between(2, 3), ['1', third]);
    assert.deepEqual(await between(3, 9), ['1']);
    await client.xtrim(adopted, 'MAXLEN', 1);
    assert.deepEqual(await between(1, 2), ['']);
    assert.deepEqual(await between(1, 3), ['', third]);
    assert.deepEqual(await between(2, 3), ['1', third]);
    await client.del(adopted);
    assert.deepEqual(await between(2, 3), ['']);
    assert.deepEqual(await between(3, 3), ['1']);
  });

  test('that was paused for longer than its lease hears what another one adopted before it goes on', async () => {
    const first = await replica();
    await client.publish('base', 'warm-up');
    await first.heard.until(() => first.heard.n === 1);
    const renewed = async () => (await client.pttl('pinstream:keeper')) > 4_900;
    await eventually('it has just renewed its lease', renewed);
    first.holdEar();
    const lease = { key: 'pinstream:keeper', token: 'another *' };
    await client.set(lease.key, lease.token);
    await client.publish('base', 'x');
    const x = { channel: 'base', name: 'message', data: 'x', at: 0 };
    await first.bus.append(x, { lease, adopted: true });
    await client.del(lease.key); // all that while it was paused
    await eventually('it takes the lease', async () => (await holder()) !== null);
    first.release();
    await client.publish('base', 'end');
    await first.heard.until(() => first.texts.includes('end'));
    assert.deepEqual(first.texts, ['warm-up', 'x', 'end']);
  });

  test('that was paused takes the lease back from an app that was not in step', async () => {
    const before = await replica();
    const first = await replica();
    await candidates(1);
    await before.stop();
    await client.publish('base', 'warm-up');
    await first.heard.until(() => first.heard.n === 1);
    let wake = () => {};
    first.link.paused = new Promise<void>((done) => {
      wake = done;
    });
    await eventually('long ago', async () => (await client.pttl('pinstream:keeper')) < 2_300);
    await client.set('pinstream:keeper', '~another *');
    await client.publish('base', 'heard by the first alone');
    wake();
    await first.heard.until(() => first.texts.includes('heard by the first alone'));
  });

  test('that was alone when it began gives way to an app that has heard more and comes back', async () => {
    const before = await replica();
    const first = await replica();
    await candidates(1);
    await before.stop();
    await eventually('the first app takes it', async () => (await holder()) !== null);
    first.link.mute = true;
    await client.publish('base', 'heard by the first alone');
    await eventually('nobody holds the lease', async () => (await holder()) === null);
    const second = await replica();
    await eventually('the second app takes it', async () => (await holder()) !== null);
    first.link.mute = false;
    await second.heard.until(() => second.texts.includes('heard by the first alone'));
    await client.publish('base', 'end');
    await second.heard.until(() => second.texts.includes('end'));
    assert.deepEqual(second.texts, ['heard by the first alone', 'end']);
  });

  test('whose ear was cut leaves it to an app that has heard all', async () => {
    const first = await replica();
    await client.publish('base', 'warm-up');
    await first.heard.until(() => first.heard.n === 1);
    const second = await replica();
    await candidates(1);
    const before = await holder();
    await cutEars(1); // the first app's
    await client.publish('base', 'heard by one alone');
    await second.heard.until(() => second.texts.includes('heard by one alone'));
    assert.notEqual(await holder(), before);
    await candidates(2);
    await client.publish('base', 'end');
    for (const { heard } of [first, second]) await heard.until(() => heard.events.at(-1)?.data === 'end');
    const { events } = await second.bus.since({ channels: ['*'], after: 0 });
    assert.deepEqual(
      events.map(({ data }) => data),
      ['warm-up', 'heard by one alone', 'end'],
    );
  });

  test('that is the keeper no more tells the others nothing', async () => {
    const app = await replica();
    await client.publish('base', 'warm-up');
    await app.heard.until(() => app.heard.n === 1);
    const { names } = app.link;
    const said = (token: string) =>
      app.link.ask((redis) =>
        redis.pinstreamSay(names.lease, names.meta, token, names.doorbell, '{"anew":true}'),
      );
    assert.equal(await said('an old token'), 0);
    assert.equal(await said((await holder()) as string), 1);
  });

  test('keeps what a full stop of Redis’s memory of scripts comes between, in its order', async () => {
    const { heard } = await replica();
    await client.publish('base', 'warm-up');
    await heard.until(() => heard.n === 1);
    const expected = ['warm-up'];
    const all = client.pipeline();
    for (let i = 0; i < 1000; i++) {
      all.publish('base', String(i));
      expected.push(String(i));
      if (i % 50 === 0) all.script('FLUSH');
    }
    await all.exec();
    await heard.until(() => heard.n === 1001);
    assert.deepEqual(
      heard.events.map(({ data }) => data),
      expected,
    );
  });

  test('another app with another ADOPT: the keeper’s counts, the other says so and lets nothing pile up', async () => {
    const lines = new Lines();
    const first = await replica({ adopt: ['a*'] });
    await client.publish('a1', 'x');
    await first.heard.until(() => first.heard.n === 1);
    const second = await replica({ adopt: ['*'], log: lines.log });
    await lines.until(/its ADOPT is "a\*", not "\*": only what it names is kept/);
    await candidates(1);
    await client.publish('b', 'nobody’s');
    await client.publish('a2', 'y');
    await second.heard.until(() => second.heard.n === 2);
    await first.stop();
    await eventually('the second app is the keeper', async () => (await holder())?.endsWith(' *') === true);
    await client.publish('b', 'z');
    await second.heard.until(() => second.heard.n === 3);
    assert.deepEqual(second.texts, ['y', 'z']);
  });

  test('drops what Redis refuses for good, counts it, and goes on with the rest', async () => {
    const app = await replica();
    const other = await replica();
    await client.set('pinstream:log:spoiled', 'not a log');
    for (const channel of ['base', 'spoiled', 'base']) await client.publish(channel, channel);
    for (const { heard } of [app, other]) await heard.until(() => heard.n === 2);
    assert.deepEqual(other.texts, ['base', 'base']);
    // The keeper counts it when its own connection says so: the other may have heard more by then.
    await Promise.race([app, other].map(({ heard, odd }) => heard.until(() => odd.length > 0)));
    assert.deepEqual([...app.odd, ...other.odd], ['broken']);
  });

  test('an app whose connection leaves something out, though it looks healthy, reads it and listens on a new one', async () => {
    const [deaf, other] = [await replica(), await replica()];
    const ears = async () => (await client.call('CLIENT', 'LIST', 'TYPE', 'pubsub')) as string;
    const [before] = /^id=\d+/.exec(await ears()) as RegExpExecArray;
    deaf.holdDoorbell();
    await other.bus.append({ channel: 'a', name: 'message', data: 'x', at: 0 });
    await deaf.heard.until(() => deaf.texts.includes('x'));
    await eventually('it listens anew', async () => !(await ears()).includes(`${before} `));
    assert.deepEqual([deaf.texts, deaf.heard.gaps], [['x'], []]);
  });
});
