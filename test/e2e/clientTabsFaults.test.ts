import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { publish } from '../support/engineServer.ts';
import type { TabOptions } from '../support/engineTab.ts';
import { eventually } from '../support/ready.ts';
import { openTab, type Tab, useTabs } from '../support/tabs.ts';

const { started, listen } = useTabs();

test('the leading tab crashes: the others go on, with what came meanwhile', async () => {
  const { app, proxy, context } = await started();
  const without = ['SharedWorker'];
  const first = await openTab(context, proxy.url, { channels: ['a'], without });
  await first.live();
  const others = [
    await openTab(context, proxy.url, { channels: ['a'], without }),
    await openTab(context, proxy.url, { channels: ['a'], without }),
  ];
  await Promise.all(others.map((tab) => tab.live()));
  await publish(app.url, 'a', '1');
  await Promise.all(others.map((tab) => tab.data(1)));
  assert.equal(proxy.opened, 1);
  const crashed = first.playwright.waitForEvent('crash');
  const session = await context.newCDPSession(first.playwright);
  session.send('Page.crash').catch(() => undefined);
  await crashed;
  await eventually('its stream is over', async () => proxy.open === 0);
  await publish(app.url, 'a', '2');
  for (const tab of others) assert.deepEqual(await tab.data(2), ['1', '2']);
  await publish(app.url, 'a', '3');
  for (const tab of others) assert.deepEqual(await tab.data(3), ['1', '2', '3']);
  assert.deepEqual([proxy.opened, proxy.most], [2, 1]);
});

test('the leading tab is closed: its heir leads at once, without a timer that runs out', async () => {
  const { app, context } = await started();
  const before = 'delete globalThis.SharedWorker';
  const first = await listen(app.url, { channels: ['a'] }, { before, context });
  await first.live();
  const prepare = (page: Page) => page.clock.install();
  const heir = await listen(app.url, { channels: ['a'] }, { before, prepare, context });
  await heir.live();
  await heir.page.clock.pauseAt((await heir.page.evaluate<number>('Date.now()')) + 1_000);
  await first.page.close();
  await publish(app.url, 'a', '1');
  assert.deepEqual(await heir.heard(1), ['1']);
});

test('tabs that cannot speak to one another have a stream each, and the sixth one is warned of', async () => {
  const { app, proxy, context } = await started();
  const without = ['SharedWorker', 'BroadcastChannel'];
  const tabs: Tab[] = [];
  while (tabs.length < 5) {
    const tab = await openTab(context, proxy.url, { channels: ['a'], without });
    await tab.live();
    tabs.push(tab);
  }
  assert.equal(proxy.open, 5);
  await publish(app.url, 'a', '1');
  for (const tab of tabs) {
    assert.deepEqual(await tab.data(1), ['1']);
    assert.deepEqual(tab.warnings, []);
  }
  const sixth = await openTab(context, proxy.url, { channels: ['a'], without });
  const seventh = openTab(context, proxy.url, { channels: ['a'], without });
  await eventually('the sixth is warned', async () => sixth.warnings.length > 0);
  assert.deepEqual(sixth.warnings, ['Pinstream: a stream for each tab, and browsers open six at most.']);
  // Those that are closed make room again.
  for (const tab of tabs.splice(0, 3)) await tab.close();
  await (await seventh).live();
  await (await seventh).close();
  // A tab that is closed counts itself out in a process of its own, which may take a moment.
  const counted = () => sixth.playwright.evaluate<string>(`localStorage['pinstream.tabs']`);
  await eventually('three are left', async () => (await counted()) === '3');
  const next = await openTab(context, proxy.url, { channels: ['a'], without });
  await next.live();
  assert.deepEqual(next.warnings, []);
});

test('a worker whose script is not to be had: the tabs share by one that leads', async () => {
  const { app, proxy, context } = await started();
  const options = { channels: ['a'], script: '/no/pinstream.js' } as TabOptions;
  const tabs = [await openTab(context, proxy.url, options), await openTab(context, proxy.url, options)];
  await Promise.all(tabs.map((tab) => tab.live()));
  await publish(app.url, 'a', '1');
  for (const tab of tabs) assert.deepEqual(await tab.data(1), ['1']);
  assert.deepEqual([proxy.opened, proxy.most], [1, 1]);
});
