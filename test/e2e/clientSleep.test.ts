import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { startCachingChromium } from '../support/cachingChromium.ts';
import { publish, publishAll } from '../support/engineServer.ts';
import { type HeardPage, useClient } from '../support/heardPage.ts';
import { eventually } from '../support/ready.ts';
import { listenedTo } from '../support/stats.ts';

const { closing, started, newContext, listen } = useClient();

/** What this browser shall be like one that lacks it. */
const WAYS = { 'a SharedWorker': '', 'a tab that leads': 'delete globalThis.SharedWorker' };

for (const [way, before] of Object.entries(WAYS)) {
  describe(`a page that sleeps, with ${way}`, () => {
    test('frozen: it takes nothing, and when it wakes up it has missed nothing', async () => {
      const { url } = await started();
      const heard = await listen(url, { channels: ['a'] }, { before });
      await heard.live();
      await publishAll(url, 'a', ['1', '2']);
      await heard.heard(2);
      await lifecycle(heard, 'freeze');
      await listenedTo(url, {});
      await publishAll(url, 'a', ['3', '4', '5']);
      assert.deepEqual(heard.data, ['1', '2']);
      await lifecycle(heard, 'resume');
      await heard.heard(5);
      await publish(url, 'a', '6');
      assert.deepEqual(await heard.heard(6), ['1', '2', '3', '4', '5', '6']);
      assert.deepEqual(heard.gaps, []);
      await listenedTo(url, { a: 1 });
    });

    test('bfcache: put away and taken out again it goes on where it was', async () => {
      const { url } = await started();
      const heard = await listen(url, { channels: ['a'] }, { before });
      await heard.live();
      await publishAll(url, 'a', ['1', '2']);
      await heard.heard(2);
      for (const round of [1, 2]) {
        await heard.page.evaluate(`dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }))`);
        await listenedTo(url, {});
        await publish(url, 'a', `away ${round}`);
        await heard.page.evaluate(`dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))`);
        await heard.heard(2 * round + 1);
        await publish(url, 'a', `back ${round}`);
        await heard.heard(2 * round + 2);
      }
      assert.deepEqual(heard.data, ['1', '2', 'away 1', 'back 1', 'away 2', 'back 2']);
      assert.deepEqual(heard.gaps, []);
    });

    test('a frozen tab does not keep another one from hearing', async () => {
      const { url } = await started();
      const context = await newContext();
      const first = await listen(url, { channels: ['a'] }, { before, context });
      await first.live();
      const second = await listen(url, { channels: ['a'] }, { before, context });
      await second.live();
      const numbers = Array.from({ length: 100 }, (_, i) => String(i + 1));
      const burst = publishAll(url, 'a', numbers);
      await second.heard(20);
      await lifecycle(first, 'freeze');
      await burst;
      assert.deepEqual(await second.heard(100), numbers);
      await lifecycle(first, 'resume');
      assert.deepEqual(await first.heard(100), numbers);
      await publish(url, 'a', 'the end');
      for (const heard of [first, second]) {
        assert.deepEqual(await heard.heard(101), [...numbers, 'the end']);
        assert.deepEqual(heard.gaps, []);
      }
      await listenedTo(url, { a: 1 });
    });
  });
}

/** What a page in the bfcache hears it can tell nobody but by what it leaves behind. */
const NOTED = `import('/pinstream.js').then(({ pinstream }) => {
  globalThis.stream = pinstream({
    channels: ['a'],
    onEvent: ({ data }) => { localStorage.heard = (localStorage.heard ?? '') + data; },
    onGap: () => { localStorage.heard += 'gap'; },
    onStatus: ({ state }) => { localStorage.state = state; },
  });
  addEventListener('pageshow', ({ persisted }) => { localStorage.shown = persisted; });
})`;

for (const [way, before] of Object.entries(WAYS))
  test(`Chromium's own bfcache: away and back, with ${way}`, async () => {
    const caching = await startCachingChromium();
    closing.push(() => caching.close());
    const context = await caching.newContext();
    const { url } = await started();
    const [page, looking] = [await context.newPage(), await context.newPage()];
    const noted = (name: string) => looking.evaluate<string>(`String(localStorage.${name})`);
    const heard = (text: string) => eventually(`heard ${text}`, async () => (await noted('heard')) === text);
    await looking.goto(`${url}/metrics`);
    await page.goto(`${url}/metrics`);
    await page.evaluate(`${before}; ${NOTED}`);
    await eventually('the page is live', async () => (await noted('state')) === 'live');
    await publish(url, 'a', '1');
    await heard('1');
    await page.goto(`${url}/healthz`);
    await listenedTo(url, {});
    await publishAll(url, 'a', ['2', '3']);
    assert.equal(await noted('heard'), '1');
    await page.evaluate('history.back()').catch(() => undefined);
    await eventually('the page is shown again', async () => (await noted('shown')) === 'true');
    await heard('123');
    await publish(url, 'a', '4');
    await heard('1234');
    await listenedTo(url, { a: 1 });
  });

test('a page that was closed for good while it was put away does not come back', async () => {
  const { url } = await started();
  const heard = await listen(url, { channels: ['a'] });
  await heard.live();
  await heard.page.evaluate(`
    dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));
    stream.close();
    dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
  `);
  await listenedTo(url, {});
  await heard.until(() => heard.status?.state === 'stopped');
});

for (const share of [true, false])
  test(`offline: says so, and is live at once when the network is back, ${share ? 'shared' : 'by itself'}`, async () => {
    const { url } = await started();
    const context = await newContext();
    const before = share ? 'delete globalThis.SharedWorker' : '';
    const heard = await listen(url, { channels: ['a'], share }, { before, context });
    await heard.live();
    await publish(url, 'a', '1');
    await heard.heard(1);
    await context.setOffline(true);
    await heard.waits('This device is offline.');
    await publishAll(url, 'a', ['2', '3']);
    const { length } = heard.statuses;
    await context.setOffline(false);
    await heard.live();
    // Not after a wait that had to run out first.
    assert.deepEqual(
      heard.statuses
        .slice(length)
        .map(({ state }) => state)
        .filter((state) => state !== 'waiting'),
      ['connecting', 'live'],
    );
    await heard.heard(3);
    await publish(url, 'a', '4');
    assert.deepEqual(await heard.heard(4), ['1', '2', '3', '4']);
    assert.deepEqual(heard.gaps, []);
  });

test('offline for long: the wait of many seconds is ended by the network that is back', async () => {
  const { url } = await started();
  const context = await newContext();
  const prepare = (page: HeardPage['page']) => page.clock.install();
  const heard = await listen(url, { channels: ['a'], share: false }, { prepare, context });
  await heard.live();
  await context.setOffline(true);
  await heard.waits('This device is offline.');
  for (let time = 0; time < 20; time++) {
    const { length } = heard.statuses;
    await heard.page.clock.fastForward(31_000);
    await heard.until(() => heard.statuses.slice(length).some(({ state }) => state === 'connecting'));
    await heard.waits('This device is offline.');
  }
  // From here on no timer runs out: only the event can wake it.
  await heard.page.clock.pauseAt((await heard.page.evaluate<number>('Date.now()')) + 1_000);
  await publish(url, 'a', '1');
  await context.setOffline(false);
  await heard.until(() => heard.data.length > 0);
  assert.deepEqual(heard.data, ['1']);
});

/** What Chromium says to a page that it freezes. It freezes none that playwright holds in view, but for the bfcache. */
async function lifecycle({ page }: HeardPage, name: 'freeze' | 'resume'): Promise<void> {
  await page.evaluate(`void document.dispatchEvent(new Event('${name}'))`);
}
