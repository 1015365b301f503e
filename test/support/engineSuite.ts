import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type EngineName, useEngine } from './engine.ts';
import { isStream, publish, publishAll, Refusing } from './engineServer.ts';
import { EngineTab, type TabOptions } from './engineTab.ts';
import { type Faults, startFaultyProxy } from './faultyProxy.ts';
import { ready } from './ready.ts';
import { TestRedis } from './redis.ts';
import { startedApp } from './startedApp.ts';
import { listenedTo } from './stats.ts';

/** What the client promises in every browser: one list of tests, a file for each engine that runs it. */
export function coreSuite(name: EngineName): void {
  const { engine, closing } = useEngine(name);
  const started = (settings: Record<string, string> = {}) => startedApp(closing, settings);

  describe(`connect, in ${name}`, () => {
    for (const form of ['module', 'classic'] as const) {
      test(`a ${form} script hears channels and patterns, and nothing else`, async () => {
        const { url } = await started();
        const tab = await open(url, { channels: ['button', 'room-*'], form });
        await tab.live();
        await publish(url, 'button', '{"press":1}', 'press');
        await publish(url, 'elsewhere', 'not meant');
        await publish(url, 'room-2', 'a\nb\r\nc  é');
        await tab.until('events.length >= 2');
        assert.deepEqual(
          (await tab.events()).map(({ channel, name, data }) => [channel, name, data]),
          [
            ['button', 'press', '{"press":1}'],
            ['room-2', 'message', 'a\nb\r\nc  é'],
          ],
        );
      });
    }

    test('last: begins with the newest events of the log', async () => {
      const { url } = await started();
      for (const data of ['1', '2', '3']) await publish(url, 'base', data);
      const tab = await open(url, { channels: ['base'], last: 2 });
      assert.deepEqual(await tab.data(2), ['2', '3']);
    });

    test('a page publishes, and waits for events in a loop', async () => {
      const { url } = await started();
      const tab = await open(url, { channels: ['base'] });
      await tab.live();
      const heard = await tab.page.evaluate(`(async () => {
        const heard = [];
        const publishing = ['1', '2'].reduce(
          (before, data) => before.then(() => stream.publish({ channel: 'base', event: 'said', data })),
          Promise.resolve(),
        );
        for await (const { name, data } of stream) if (heard.push([name, data]) === 2) break;
        await publishing;
        return heard;
      })()`);
      assert.deepEqual(heard, [
        ['said', '1'],
        ['said', '2'],
      ]);
    });
  });

  describe(`resume, in ${name}`, () => {
    test('nothing is missed or doubled when the server restarts', async () => {
      const redis = await TestRedis.start();
      closing.push(() => redis.stop());
      const settings = { REDIS_URL: redis.url };
      const [app, other] = [await started(settings), await started(settings)];
      await Promise.all([ready(app.url), ready(other.url)]);
      const tab = await open(app.url, { channels: ['base'] });
      await tab.live();
      await publish(other.url, 'base', '1');
      await tab.until('events.length === 1');
      await app.stop();
      await tab.until(`status.state === 'waiting'`);
      for (const data of ['2', '3']) await publish(other.url, 'base', data);
      await started({ ...settings, PORT: String(app.port) });
      await tab.until('events.length >= 3');
      await publish(other.url, 'base', '4');
      assert.deepEqual(await tab.data(4), ['1', '2', '3', '4']);
      assert.deepEqual(await tab.gaps(), []);
    });

    test('G1: an answer that is fatal to EventSource is not the end', async () => {
      const { url, port } = await started();
      const refusing = new Refusing();
      const proxy = await proxied(port, {
        answer: (request, response) => refusing.takes(request.url, response),
      });
      const tab = await open(proxy.url, { channels: ['base'] });
      await tab.live();
      await publish(url, 'base', '1');
      await tab.until('events.length === 1');
      refusing.begin();
      await refusing.refused;
      await publish(url, 'base', '2');
      refusing.end();
      assert.deepEqual(await tab.data(2), ['1', '2']);
      assert.deepEqual(await tab.gaps(), []);
    });
  });

  describe(`channels, in ${name}`, () => {
    test('are added to the open stream and removed from it, without a reconnect', async () => {
      const { url, port } = await started();
      let streams = 0;
      const count = ({ url }: { url: string }) => {
        if (isStream(url)) streams++;
      };
      const proxy = await proxied(port, { ask: count });
      await publish(url, 'b', 'before');
      const tab = await open(proxy.url, { channels: ['a'] });
      await tab.live();
      await tab.page.evaluate(`stream.channels.add('b')`);
      await listenedTo(url, { a: 1, b: 1 });
      await publish(url, 'b', 'b1');
      await publish(url, 'a', 'a1');
      assert.deepEqual(await tab.data(2), ['b1', 'a1']);
      await tab.page.evaluate(`stream.channels.remove('a')`);
      await listenedTo(url, { b: 1 });
      await publish(url, 'a', 'no more');
      await publish(url, 'b', 'b2');
      assert.deepEqual(await tab.data(3), ['b1', 'a1', 'b2']);
      assert.equal(streams, 1);
    });
  });

  describe(`fallback, in ${name}`, () => {
    const buffering: Record<string, Faults> = {
      'lets nothing of a stream through but its head': { piece: () => undefined },
      'keeps a stream until it ends': { answer: ({ url }) => isStream(url) },
    };
    for (const [what, faults] of Object.entries(buffering)) {
      test(`a proxy that ${what}: the client polls, and says so`, async () => {
        const { url, port } = await started();
        const proxy = await proxied(port, faults);
        const tab = await open(proxy.url, { channels: ['base'] });
        await tab.until(`status?.state === 'polling'`);
        const said = await tab.page.evaluate<string>('stream.status.reason');
        assert.match(said, /^[A-Z].+\.$/);
        for (const data of ['1', '2', '3']) await publish(url, 'base', data);
        assert.deepEqual(await tab.data(3), ['1', '2', '3']);
        assert.deepEqual(await tab.gaps(), []);
      });
    }
  });

  describe(`tabs, in ${name}`, () => {
    const ways = { 'a SharedWorker': [], 'a tab that leads': ['SharedWorker'] };
    for (const [way, without] of Object.entries(ways)) {
      test(`share one stream by ${way}, whichever of them closes`, async () => {
        const { url } = await started();
        const first = await open(url, { channels: ['a'], without });
        await first.live();
        const [second, third] = [
          await open(url, { channels: ['a', 'b'], without }),
          await open(url, { channels: ['a'], without }),
        ];
        await Promise.all([second.live(), third.live()]);
        await listenedTo(url, { a: 1, b: 1 });

        await publish(url, 'b', 'for the second');
        await publish(url, 'a', '0');
        assert.deepEqual(await first.data(1), ['0']);
        assert.deepEqual(await third.data(1), ['0']);
        assert.deepEqual(await second.data(2), ['for the second', '0']);

        // In the middle of a burst the first is closed, which leads where there is a leader, and then the last.
        const numbers = Array.from({ length: 40 }, (_, i) => String(i + 1));
        const burst = publishAll(url, 'a', numbers);
        await first.close();
        await third.until('events.length > 1');
        await third.close();
        await burst;
        await publish(url, 'b', 'the end');
        const expected = ['for the second', '0', ...numbers, 'the end'];
        assert.deepEqual(await second.data(expected.length), expected);
        assert.deepEqual(await second.gaps(), []);
        await listenedTo(url, { a: 1, b: 1 });
      });
    }

    test('that do not want to share have a stream each', async () => {
      const { url } = await started();
      const tabs = [
        await open(url, { channels: ['a'], share: false }),
        await open(url, { channels: ['a'], share: false }),
      ];
      for (const tab of tabs) await tab.live();
      await listenedTo(url, { a: 2 });
      await publish(url, 'a', '1');
      for (const tab of tabs) assert.deepEqual(await tab.data(1), ['1']);
    });
  });

  async function proxied(port: number, faults: Faults) {
    const proxy = await startFaultyProxy(port, '', faults);
    closing.push(() => proxy.stop());
    return proxy;
  }

  async function open(url: string, options: TabOptions): Promise<EngineTab> {
    const tab = await EngineTab.open(engine(), url, options);
    closing.push(() => tab.close());
    return tab;
  }
}
