import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { EventSource } from 'eventsource';
import type { NewEvent } from '../../src/contract/event.ts';
import { startApp, type TestApp } from '../support/app.ts';
import { Cutter } from '../support/cutter.ts';
import { ready } from '../support/ready.ts';
import { TestRedis } from '../support/redis.ts';

interface Told {
  readonly type: string;
  readonly channel?: string;
  readonly until?: string;
  readonly reason?: string;
}

/** A browser's EventSource, and what it was told. No code of ours takes part. */
class Browser {
  readonly ids: string[] = [];
  readonly data: string[] = [];
  readonly gaps: Told[] = [];
  readonly source: EventSource;
  opened = 0;
  #waiting: { met: () => boolean; done: () => void }[] = [];

  constructor(url: string, lastEventId?: string) {
    const headers: Record<string, string> = lastEventId === undefined ? {} : { 'Last-Event-ID': lastEventId };
    this.source = new EventSource(url, {
      fetch: (input, init) => fetch(input, { ...init, headers: { ...headers, ...init.headers } }),
    });
    this.source.onmessage = ({ lastEventId: id, data }) => {
      this.ids.push(id);
      this.data.push(data);
      this.#wake();
    };
    this.source.addEventListener('pinstream', ({ data }) => {
      const told = JSON.parse(data) as Told;
      if (told.type === 'open') this.opened++;
      if (told.type === 'gap') this.gaps.push(told);
      this.#wake();
    });
  }

  until(met: () => boolean): Promise<void> {
    if (met()) return Promise.resolve();
    return new Promise((done) => this.#waiting.push({ met, done }));
  }

  #wake(): void {
    for (const { met, done } of this.#waiting) if (met()) done();
    this.#waiting = this.#waiting.filter(({ met }) => !met());
  }
}

function event(channel: string, data: string): NewEvent {
  return { channel, name: 'message', data, at: 0 };
}

/** The same on both stores. */
function joining(
  kind: string,
  open: (settings: Record<string, string>) => Promise<TestApp & { over(): Promise<void> }>,
): void {
  describe(`joining, with events kept in ${kind}`, () => {
    test('who connects while events pour in has each after its first once, in order, on several channels and patterns', async () => {
      const app = await open({});
      let published = 0;
      let going = true;
      const pour = async () => {
        while (going) {
          const at = published++;
          await turn(); // the memory bus answers at once: without this nobody else would have a turn
          await app.store.bus.append(event(['a', 'room-1', 'room-2', 'other'][at % 4] as string, String(at)));
        }
      };
      const pouring = pour();
      const browsers: Browser[] = [];
      for (let i = 0; i < 20; i++) {
        const browser = new Browser(`${app.url}/stream?channel=a&channel=room-*&last=${i % 3}`);
        browsers.push(browser);
        await browser.until(() => browser.data.length >= 10);
      }
      going = false;
      await pouring;
      const last = published - 1;
      const lastWanted = last % 4 === 3 ? last - 1 : last;
      for (const browser of browsers) {
        await browser.until(() => browser.data.at(-1) === String(lastWanted));
        const numbers = browser.data.map(Number);
        const first = numbers[0] as number;
        const expected = [];
        for (let n = first; n <= last; n++) if (n % 4 !== 3) expected.push(n);
        // With `last`, the channels begin at different numbers: the first few may have holes before the newest tail.
        const live = numbers.filter((n) => n > first + 12);
        assert.deepEqual(
          live,
          expected.filter((n) => n > first + 12),
        );
        assert.deepEqual(
          numbers,
          [...new Set(numbers)].sort((x, y) => x - y),
        );
        assert.deepEqual(browser.gaps, []);
        browser.source.close();
      }
      await app.over();
    });

    test('who was cut off and comes back has every event once, in order, and is told of no gap', async () => {
      const app = await open({});
      const cutter = await Cutter.start(app.port);
      const browsers = Array.from(
        { length: 10 },
        () => new Browser(`${cutter.url}/stream?channel=a&channel=room-*`),
      );
      for (const browser of browsers) await browser.until(() => browser.opened === 1);
      const channels = ['a', 'room-1', 'room-2'];
      const expected: string[] = [];
      const publish = async (count: number) => {
        for (let i = 0; i < count; i++) {
          expected.push(String(expected.length));
          await app.store.bus.append(event(channels[i % 3] as string, expected.at(-1) as string));
        }
      };
      await publish(50);
      cutter.cut();
      await publish(700);
      for (const browser of browsers) await browser.until(() => browser.opened === 2);
      await publish(50);
      for (const browser of browsers) {
        await browser.until(() => browser.data.length >= expected.length);
        assert.deepEqual(browser.data, expected);
        assert.deepEqual(browser.gaps, []);
        browser.source.close();
      }
      await cutter.stop();
      await app.over();
    });

    test('who has heard nothing yet can come back exactly', async () => {
      const app = await open({});
      const cutter = await Cutter.start(app.port);
      // Until another one has it: what the app has not heard yet is live for who comes meanwhile.
      const earlier = new Browser(`${app.url}/stream?channel=a`);
      await earlier.until(() => earlier.opened === 1);
      await app.store.bus.append(event('a', 'before'));
      await earlier.until(() => earlier.data.length === 1);
      earlier.source.close();
      const browser = new Browser(`${cutter.url}/stream?channel=a`);
      await browser.until(() => browser.opened === 1);
      cutter.cut();
      await app.store.bus.append(event('a', 'missed'));
      await browser.until(() => browser.data.length === 1);
      assert.deepEqual(browser.data, ['missed']);
      browser.source.close();
      await cutter.stop();
      await app.over();
    });

    test('who comes back beyond the log is told of the gap, once for each channel; who lost nothing is not', async () => {
      const app = await open({ LOG_LENGTH: '10' });
      const { bus } = app.store;
      const { epoch } = await bus.append(event('quiet', '1'));
      for (let n = 2; n <= 40; n++) await bus.append(event(n % 2 ? 'a' : 'b', String(n)));
      const cases: [string, number, string[], number[]][] = [
        ['quiet', 0, [], [1]],
        ['a', 21, [], [23, 25, 27, 29, 31, 33, 35, 37, 39]],
        ['a', 20, [], [21, 23, 25, 27, 29, 31, 33, 35, 37, 39]],
        ['a', 18, ['a 19'], [21, 23, 25, 27, 29, 31, 33, 35, 37, 39]],
        ['a&channel=b&channel=quiet', 3, ['a 19', 'b 20'], Array.from({ length: 20 }, (_, i) => i + 21)],
        ['*', 20, [], Array.from({ length: 20 }, (_, i) => i + 21)],
        ['*', 1, ['a 19', 'b 20'], Array.from({ length: 20 }, (_, i) => i + 21)],
      ];
      for (const [channels, n, gaps, expected] of cases) {
        const browser = new Browser(`${app.url}/stream?channel=${channels}`, `${epoch}-${n}`);
        await browser.until(() => browser.data.length === expected.length);
        assert.deepEqual(browser.data, expected.map(String), channels);
        const told = browser.gaps.map(({ channel, until }) => `${channel} ${until?.split('-')[1]}`).sort();
        assert.deepEqual(told, gaps, `${channels} after ${n}`);
        browser.source.close();
      }
      await app.over();
    });

    test('who comes from another store is told so, and gets all that is in this one', async () => {
      const app = await open({});
      for (const data of ['1', '2']) await app.store.bus.append(event('a', data));
      for (const cursor of ['zzzzzz-7', 'an id of another server']) {
        const browser = new Browser(`${app.url}/stream?channel=a`, cursor);
        await browser.until(() => browser.data.length === 2);
        assert.deepEqual(browser.data, ['1', '2']);
        assert.deepEqual(browser.gaps, [{ type: 'gap', reason: 'epoch' }]);
        browser.source.close();
      }
      await app.over();
    });

    test('the last N of each channel come first, and not when there is a cursor', async () => {
      const app = await open({});
      const { bus } = app.store;
      let epoch = '';
      for (const [channel, data] of ['a 1', 'b 2', 'a 3', 'b 4', 'a 5', 'c 6'].map((text) =>
        text.split(' '),
      )) {
        epoch = (await bus.append(event(channel as string, data as string))).epoch;
      }
      const read = async (query: string, count: number, cursor?: string) => {
        const browser = new Browser(`${app.url}/stream?${query}`, cursor);
        await browser.until(() => browser.data.length >= count && browser.opened > 0);
        await turn();
        browser.source.close();
        return browser.data;
      };
      assert.deepEqual(await read('channels=a,b&last=2', 4), ['2', '3', '4', '5']);
      assert.deepEqual(await read('channel=*&last=1', 3), ['4', '5', '6']);
      assert.deepEqual(await read('channels=a,b&last=2', 1, `${epoch}-4`), ['5']);
      assert.deepEqual(await read(`channels=a,b&last=2&last_event_id=bad&last_event_id=${epoch}-4`, 1), [
        '5',
      ]);
      await app.over();
    });
  });
}

joining('memory', async (settings) => {
  const app = await startApp(settings);
  return { ...app, over: () => app.stop() };
});

joining('Redis', async (settings) => {
  const redis = await TestRedis.start();
  const app = await startApp({ ...settings, REDIS_URL: redis.url });
  await ready(app.url);
  return {
    ...app,
    over: async () => {
      await app.stop();
      await redis.stop();
    },
  };
});
