import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { publish, publishAll } from '../support/engineServer.ts';
import type { TabOptions } from '../support/engineTab.ts';
import { listenedTo } from '../support/stats.ts';
import { openTab, type Tab, useTabs } from '../support/tabs.ts';

const { started, newContext } = useTabs();

const WAYS = { 'a SharedWorker': [], 'a tab that leads': ['SharedWorker'] };
const NUMBERS = Array.from({ length: 300 }, (_, i) => String(i + 1));

for (const [way, without] of Object.entries(WAYS)) {
  describe(`tabs that share by ${way}`, () => {
    test('fifty over HTTP/1.1: one stream, and each hears all once, though the first is closed in the middle', async () => {
      const { app, proxy, context } = await started();
      // The first one leads, where one does.
      const first = await openTab(context, proxy.url, { channels: ['a'], without });
      await first.live();
      const others: Tab[] = [];
      while (others.length < 49)
        others.push(
          ...(await Promise.all(
            Array.from({ length: 7 }, () => openTab(context, proxy.url, { channels: ['a'], without })),
          )),
        );
      await Promise.all(others.map((tab) => tab.live()));
      assert.deepEqual([proxy.opened, proxy.most], [1, 1]);

      const burst = publishAll(app.url, 'a', NUMBERS);
      await (others[0] as Tab).until('events.length >= 100');
      await first.close();
      await burst;
      const heard = await Promise.all(others.map((tab) => tab.data(NUMBERS.length)));
      for (const data of heard) assert.deepEqual(data, NUMBERS);
      for (const tab of others) assert.deepEqual(await tab.gaps(), []);
      // A leader's heir opens one of its own, which may reach the server just before the news that the other one is closed.
      const leads = without.length > 0;
      assert.equal(proxy.opened, leads ? 2 : 1);
      assert.ok(proxy.most <= proxy.opened);
      assert.equal(proxy.open, 1);
      await listenedTo(app.url, { a: 1 });
    });

    test('each has its own channels, and one that is refused does not hurt the others', async () => {
      const { app, proxy, context } = await started({ ACCESS_RULES: 'allow read vault to t0ken' });
      const one = await openTab(context, proxy.url, { channels: ['a', 'both'], without });
      const other = await openTab(context, proxy.url, { channels: ['b', 'both'], without });
      await Promise.all([one.live(), other.live()]);
      const curious = await openTab(context, proxy.url, { channels: ['a', 'vault'], without });
      await curious.until(`status?.state === 'waiting'`);
      assert.match(await curious.playwright.evaluate('stream.status.reason'), /^"vault" needs a token: /);
      for (const [channel, data] of [
        ['a', '1'],
        ['both', '2'],
        ['vault', 'secret'],
        ['b', '3'],
        ['both', '4'],
        ['a', '5'],
      ] as const)
        await publish(app.url, channel, data);
      assert.deepEqual(await one.data(4), ['1', '2', '4', '5']);
      assert.deepEqual(await other.data(3), ['2', '3', '4']);
      assert.deepEqual(await curious.data(0), []);
      for (const tab of [one, other])
        assert.deepEqual(
          (await tab.playwright.evaluate<{ state: string }[]>('notes.statuses')).filter(
            ({ state }) => state === 'waiting',
          ),
          [],
        );
      assert.deepEqual([proxy.opened, proxy.most], [1, 1]);
    });

    test('another context is another browser, and another token another stream', async () => {
      const { app, proxy, context } = await started({
        ACCESS_RULES: 'allow read vault to t0ken',
      });
      const elsewhere = await newContext();
      const tabs = [
        await openTab(context, proxy.url, { channels: ['a'], without }),
        await openTab(context, proxy.url, { channels: ['a'], without }),
        await openTab(elsewhere, proxy.url, { channels: ['a'], without }),
        await openTab(elsewhere, proxy.url, { channels: ['a'], without }),
        await openTab(context, proxy.url, {
          channels: ['a', 'vault'],
          without,
          token: 't0ken',
        } as TabOptions),
      ];
      await Promise.all(tabs.map((tab) => tab.live()));
      assert.equal(proxy.open, 3);
      assert.deepEqual(
        [...proxy.tokens],
        [
          ['', 2],
          ['t0ken', 1],
        ],
      );
      await publish(app.url, 'vault', 'secret');
      await publish(app.url, 'a', '1');
      for (const tab of tabs.slice(0, 4)) assert.deepEqual(await tab.data(1), ['1']);
      assert.deepEqual(await (tabs[4] as Tab).data(2), ['secret', '1']);
    });
  });
}
