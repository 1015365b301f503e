import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { publish, publishAll } from '../support/engineServer.ts';
import type { TabOptions } from '../support/engineTab.ts';
import type { HeardPage } from '../support/heardPage.ts';
import { ready } from '../support/ready.ts';
import { TestRedis } from '../support/redis.ts';
import { startedApp } from '../support/startedApp.ts';
import { listenedTo } from '../support/stats.ts';
import { openTab, useTabs } from '../support/tabs.ts';

const { closing, started, listen } = useTabs();

const NUMBERS = Array.from({ length: 200 }, (_, i) => String(i + 1));

describe('channels of an open stream', () => {
  test('are added in the middle of a burst: what came after add() is heard once, in its order', async () => {
    const { app, proxy } = await started();
    const heard = await listen(proxy.url, { channels: ['a'] });
    await heard.live();
    const bursts = Promise.all(['a', 'b', 'c'].map((channel) => publishAll(app.url, channel, NUMBERS)));
    for (const channel of ['b', 'c']) {
      const least = heard.events.length + 60;
      await heard.heard(least);
      await publish(app.url, channel, 'before add()');
      await heard.page.evaluate(`stream.channels.add('${channel}')`);
      await publish(app.url, channel, 'after add()');
    }
    await bursts;
    for (const channel of ['a', 'b', 'c']) await publish(app.url, channel, 'the end');
    await heard.until(() => heard.data.filter((data) => data === 'the end').length === 3);
    assert.deepEqual(dataOn(heard, 'a'), [...NUMBERS, 'the end']);
    for (const channel of ['b', 'c']) {
      const data = dataOn(heard, channel);
      assert.equal(data.filter((one) => one === 'after add()').length, 1);
      // All that follows is there, each once.
      const after = data.slice(data.indexOf('after add()') + 1);
      assert.deepEqual(after, [...NUMBERS.slice(NUMBERS.length - after.length + 1), 'the end']);
      assert.equal(new Set(data).size, data.length);
    }
    assert.deepEqual(heard.gaps, []);
    assert.equal(proxy.opened, 1);
  });

  test('are removed and added again at once, in the middle of a burst: nothing is missed', async () => {
    const { app, proxy } = await started();
    const heard = await listen(proxy.url, { channels: ['a', 'b'] });
    await heard.live();
    const burst = publishAll(app.url, 'b', NUMBERS);
    for (let time = 1; time <= 8; time++) {
      await heard.heard(time * 20);
      await heard.page.evaluate(`stream.channels.remove('b'); stream.channels.add('b')`);
    }
    await burst;
    await publish(app.url, 'a', 'the end');
    await heard.until(() => heard.data.includes('the end'));
    assert.deepEqual(dataOn(heard, 'b'), NUMBERS);
    assert.deepEqual(heard.gaps, []);
    assert.equal(proxy.opened, 1);
  });

  test('are listed as they are wanted, and removed ones are heard no more', async () => {
    const { app, proxy } = await started();
    const heard = await listen(proxy.url, { channels: ['a'] });
    await heard.live();
    assert.deepEqual(
      await heard.page.evaluate(`stream.channels.add('b', 'room-*', 'b'), [...stream.channels]`),
      ['a', 'b', 'room-*'],
    );
    await listenedTo(app.url, { a: 1, b: 1, 'room-*': 1 });
    await heard.page.evaluate(`stream.channels.remove('a', 'never')`);
    await listenedTo(app.url, { b: 1, 'room-*': 1 });
    for (const channel of ['a', 'b', 'room-1']) await publish(app.url, channel, channel);
    assert.deepEqual(await heard.heard(2), ['b', 'room-1']);
    // None at all: the stream goes, and comes back with the first one that is added.
    await heard.page.evaluate(`stream.channels.remove('b', 'room-*')`);
    await listenedTo(app.url, {});
    await publish(app.url, 'c', 'before');
    await heard.page.evaluate(`stream.channels.add('c')`);
    await listenedTo(app.url, { c: 1 });
    await publish(app.url, 'c', 'after');
    await heard.until(() => heard.data.includes('after'));
    assert.equal(heard.data.filter((data) => data === 'after').length, 1);
  });

  test('overlap: an event that two patterns mean is heard once', async () => {
    const { app, proxy } = await started();
    const heard = await listen(proxy.url, { channels: ['room-*'] });
    await heard.live();
    await publish(app.url, 'room-1', '1');
    await heard.heard(1);
    await heard.page.evaluate(`stream.channels.add('room-1', '*-1', '*')`);
    const burst = publishAll(app.url, 'room-1', NUMBERS.slice(1, 60));
    await burst;
    await listenedTo(app.url, { '*': 1, '*-1': 1, 'room-*': 1, 'room-1': 1 });
    await publish(app.url, 'hall', 'the end');
    await heard.until(() => heard.data.includes('the end'));
    await heard.page.evaluate(`stream.channels.remove('*', 'room-*')`);
    await listenedTo(app.url, { '*-1': 1, 'room-1': 1 });
    await publish(app.url, 'room-1', 'still');
    await heard.until(() => heard.data.includes('still'));
    assert.deepEqual(heard.data, [...NUMBERS.slice(0, 60), 'the end', 'still']);
  });

  test('last: an added channel begins with its newest events too', async () => {
    const { app, proxy } = await started();
    for (const channel of ['a', 'b'])
      await publishAll(
        app.url,
        channel,
        ['1', '2', '3'].map((n) => channel + n),
      );
    const heard = await listen(proxy.url, { channels: ['a'], last: 2 });
    await heard.heard(2);
    await heard.page.evaluate(`stream.channels.add('b')`);
    await heard.heard(4);
    await publish(app.url, 'b', 'b4');
    assert.deepEqual(await heard.heard(5), ['a2', 'a3', 'b2', 'b3', 'b4']);
    assert.equal(proxy.opened, 1);
  });

  test('are added while the server is away', async () => {
    const redis = await TestRedis.start();
    closing.push(() => redis.stop());
    const settings = { REDIS_URL: redis.url };
    const [app, other] = [await startedApp(closing, settings), await startedApp(closing, settings)];
    await Promise.all([ready(app.url), ready(other.url)]);
    const heard = await listen(app.url, { channels: ['a'] });
    await heard.live();
    await publish(other.url, 'a', 'a1');
    await heard.heard(1);
    await app.stop();
    await heard.waits();
    await heard.page.evaluate(`stream.channels.add('b')`);
    await publish(other.url, 'b', 'b1');
    await publish(other.url, 'a', 'a2');
    await startedApp(closing, { ...settings, PORT: String(app.port) });
    await heard.heard(3);
    await publish(other.url, 'b', 'b2');
    assert.deepEqual(dataOn(heard, 'a'), ['a1', 'a2']);
    await heard.heard(4);
    assert.deepEqual(dataOn(heard, 'b'), ['b1', 'b2']);
    assert.deepEqual(heard.gaps, []);
  });

  for (const [way, without] of Object.entries({ 'a SharedWorker': [], 'a tab that leads': ['SharedWorker'] }))
    test(`are added in two tabs at once, which share by ${way}`, async () => {
      const { app, proxy, context } = await started();
      const tabs = [
        await openTab(context, proxy.url, { channels: ['a'], without }),
        await openTab(context, proxy.url, { channels: ['a'], without }),
      ] as const;
      await Promise.all(tabs.map((tab) => tab.live()));
      await Promise.all([
        tabs[0].playwright.evaluate(`stream.channels.add('b', 'c')`),
        tabs[1].playwright.evaluate(`stream.channels.add('c', 'd')`),
      ]);
      await Promise.all(
        ['a', 'b', 'c', 'd'].map((channel) =>
          publishAll(
            app.url,
            channel,
            NUMBERS.slice(0, 40).map((n) => channel + n),
          ),
        ),
      );
      const heard = [await tabs[0].data(120), await tabs[1].data(120)] as const;
      for (const [index, channels] of [
        ['a', 'b', 'c'],
        ['a', 'c', 'd'],
      ].entries())
        for (const channel of ['a', 'b', 'c', 'd'])
          assert.deepEqual(
            heard[index]?.filter((data) => data.startsWith(channel)),
            channels.includes(channel) ? NUMBERS.slice(0, 40).map((n) => channel + n) : [],
          );
      assert.equal(proxy.opened, 1);
    });

  test('more than the server allows: the tab that wants them is told, and another one is left alone', async () => {
    const { app, proxy, context } = await started({ MAX_STREAM_CHANNELS: '3' });
    const tabs = [
      await openTab(context, proxy.url, { channels: ['a'] }),
      await openTab(context, proxy.url, { channels: ['a', 'b'] } as TabOptions),
    ] as const;
    await Promise.all(tabs.map((tab) => tab.live()));
    await listenedTo(app.url, { a: 1, b: 1 });
    await tabs[1].playwright.evaluate(`stream.channels.add('c', 'd')`);
    await tabs[1].until(`status.state === 'waiting'`);
    assert.match(await tabs[1].playwright.evaluate('stream.status.reason'), /3.*channels/);
    await publish(app.url, 'a', '1');
    assert.deepEqual(await tabs[0].data(1), ['1']);
    const statuses = await tabs[0].playwright.evaluate<{ state: string }[]>('notes.statuses');
    assert.deepEqual(
      statuses.filter(({ state }) => state === 'waiting'),
      [],
    );
    // Who leaves some out comes back, and has missed nothing.
    await tabs[1].playwright.evaluate(`stream.channels.remove('c')`);
    await tabs[1].live();
    await publish(app.url, 'd', '2');
    assert.deepEqual(await tabs[1].data(2), ['1', '2']);
    assert.equal(proxy.opened, 1);
  });
});

function dataOn(heard: HeardPage, name: string): string[] {
  return heard.events.filter(({ channel }) => channel === name).map(({ data }) => data);
}
