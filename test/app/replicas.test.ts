import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { RedisBoard } from '../../src/bus/redisBoard.ts';
import type { DeviceState } from '../../src/contract/device.ts';
import { startApp, type TestApp, type TestAppOptions } from '../support/app.ts';
import { ready } from '../support/ready.ts';
import { useRedis } from '../support/redis.ts';
import { post, request } from '../support/request.ts';
import { Stream } from '../support/stream.ts';

describe('several apps on one Redis', () => {
  const redis = useRedis();
  const running: TestApp[] = [];
  beforeEach(() => redis().command('FLUSHALL'));
  afterEach(async () => {
    for (const app of running.splice(0)) await app.stop();
  });

  async function open(options?: TestAppOptions): Promise<TestApp> {
    const app = await startApp({ REDIS_URL: redis().url, ADOPT: '*' }, options);
    running.push(app);
    await ready(app.url);
    return app;
  }

  test('bring the same events under the same ids, and a browser can come back to another one', async () => {
    const [one, two] = [await open(), await open()];
    const first = await Stream.open(`${one.url}/stream?channel=a`);
    const second = await Stream.open(`${two.url}/stream?channel=a`);
    for (const stream of [first, second]) await stream.until('"open"');
    const ids: string[] = [];
    for (let i = 0; i < 20; i++) {
      const { json } = await post(`${(i % 2 ? one : two).url}/events`, { channel: 'a', data: String(i) });
      ids.push((json as { id: string }).id);
    }
    const expected = ids.map((id, i) => `id: ${id}\ndata: ${i}\n\n`).join('');
    for (const stream of [first, second]) {
      await stream.until('data: 19\n\n');
      assert.equal(stream.events, expected);
      stream.close();
    }
    const back = await Stream.open(`${two.url}/stream?channel=a`, { 'Last-Event-ID': ids[9] as string });
    await back.until('data: 19\n\n');
    assert.ok(back.events.startsWith(`id: ${ids[10]}\ndata: 10\n\n`));
    back.close();
  });

  test('a reader that has heard more elsewhere than this app yet hears nothing twice', async () => {
    const app = await open();
    for (let round = 0; round < 20; round++) {
      // Straight into the store: the answer comes before this app has heard it.
      const { epoch, n } = await app.store.bus.append({
        channel: 'a',
        name: 'message',
        data: `${round}`,
        at: 0,
      });
      const stream = await Stream.open(`${app.url}/stream?channel=a`, { 'Last-Event-ID': `${epoch}-${n}` });
      await stream.until('"open"');
      await app.store.bus.append({ channel: 'a', name: 'message', data: 'next', at: 0 });
      await stream.until('data: next');
      assert.doesNotMatch(stream.text, new RegExp(`data: ${round}\\n`));
      stream.close();
    }
  });

  test('count the streams over all of them', async () => {
    const [one, two] = [await open(), await open()];
    const urls = [
      `${one.url}/stream?channel=a`,
      `${two.url}/stream?channel=a&channel=*`,
      `${two.url}/sse/?channels=room-1`,
    ];
    const streams = await Promise.all(urls.map((url) => Stream.open(url)));
    await Promise.all([streams[0]?.until('"open"'), streams[1]?.until('"open"'), streams[2]?.until('id: ')]);
    const told = async () => {
      await request(`${two.url}/stats`); // makes the other app's figures fresh
      return (await request(`${one.url}/stats`)).json;
    };
    assert.deepEqual(await told(), [
      ['*', 1],
      ['a', 2],
      ['room-1', 1],
    ]);
    const { json } = await post(`${one.url}/events`, [
      { channel: 'a', data: '1' },
      { channel: 'room-1', data: '2' },
      { channel: 'other', data: '3' },
    ]);
    assert.deepEqual(
      (json as { streams: number }[]).map(({ streams }) => streams),
      [2, 2, 1],
    );
    const { channels } = (await request(`${one.url}/channels`)).json as {
      channels: { channel: string; streams: number; length: number }[];
    };
    assert.deepEqual(
      channels.map(({ channel, streams, length }) => [channel, streams, length]),
      [
        ['a', 2, 1],
        ['other', 1, 1],
        ['room-1', 2, 1],
      ],
    );
    for (const stream of streams) stream.close();
  });

  test('press through any of them', async () => {
    const [one, two] = [await open({ mock: true }), await open()];
    const stream = await Stream.open(`${two.url}/stream?channel=button`);
    await stream.until('"open"');
    assert.equal((await post(`${two.url}/pins/button`, { press: 40 })).status, 200);
    await stream.until('event: release');
    assert.match(stream.events, /event: press\ndata: \{"pin":"button","gpio":17,"press":1,/);
    const { pins } = (await request(`${one.url}/pins`)).json as DeviceState;
    assert.deepEqual(
      pins.map(({ name, gpio, direction }) => [name, gpio, direction]),
      [['button', 17, 'in']],
    );
    stream.close();
  });

  test('without a sidecar there is nobody to press', async () => {
    const app = await open();
    const answer = await post(`${app.url}/pins/button`, { press: 40 });
    assert.equal(answer.status, 503);
    assert.match(answer.text, /No sidecar is running/);
  });

  test('a sidecar that is killed is announced offline', async () => {
    const [one] = [await open(), await open()];
    const stream = await Stream.open(`${one.url}/stream?channel=device`);
    await stream.until('"open"');
    const online: DeviceState = {
      state: 'online',
      driver: 'onoff',
      pins: [{ name: 'button', gpio: 17, direction: 'in', level: 0 }],
    };
    await redis().command('SET', 'pinstream:device', '1', 'PX', '1500');
    await one.store.bus.append(
      { channel: 'device', name: 'state', data: JSON.stringify(online), at: 0 },
      { hardware: true },
    );
    await stream.until('"offline"');
    assert.match(stream.events, /data: \{"state":"offline","driver":"onoff","pins":\[\{"name":"button",/);
    const device = (await request(`${one.url}/pins`)).json as DeviceState;
    assert.equal(device.state, 'offline');
    const { events } = await one.store.bus.since({ channels: ['device'], after: 0 });
    assert.equal(events.length, 2);
    stream.close();
  });

  test('nobody can spoil it by publishing on its own names', async () => {
    const app = await open({ mock: true });
    const stream = await Stream.open(`${app.url}/stream?channel=a`);
    await stream.until('"open"');
    const { names } = app.store.kind === 'redis' ? app.store.link : assert.fail();
    for (const name of [names.doorbell, names.command, names.marker, names.replies]) {
      for (const text of ['', 'nonsense', 'null', '7', '[]', '{}', '["x"]', '{"id":1}'])
        await redis().command('PUBLISH', name, text);
    }
    assert.equal((await post(`${app.url}/events`, { channel: 'a', data: 'well' })).status, 201);
    await stream.until('data: well');
    assert.equal((await post(`${app.url}/pins/button`, { press: 40 })).status, 200);
    assert.ok(app.store.board instanceof RedisBoard);
    stream.close();
  });
});
