import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { startApp, type TestApp } from '../support/app.ts';
import { startChromium } from '../support/chromium.ts';
import { Cutter } from '../support/cutter.ts';
import { post } from '../support/request.ts';

/** What a page of somebody else's collects with the browser's own EventSource. No code of ours is on it. */
interface Collected {
  readonly data: string[];
  readonly gaps: { channel?: string; until?: string; reason?: string }[];
  readonly opened: number;
}

async function collect(page: Page, url: string): Promise<void> {
  await page.goto(`${new URL(url).origin}/healthz`);
  await page.evaluate((address) => {
    const collected = { data: [] as string[], gaps: [] as object[], opened: 0 };
    (globalThis as unknown as { collected: object }).collected = collected;
    const source = new EventSource(address);
    source.onopen = () => collected.opened++;
    source.onmessage = ({ data }) => collected.data.push(data);
    source.addEventListener('pinstream', ({ data }) => {
      const said = JSON.parse(data);
      if (said.type === 'gap') collected.gaps.push(said);
    });
  }, url);
}

function collected(page: Page): Promise<Collected> {
  return page.evaluate(() => (globalThis as unknown as { collected: Collected }).collected);
}

async function until(page: Page, met: string): Promise<Collected> {
  await page.waitForFunction(met, undefined, { timeout: 20_000 });
  return collected(page);
}

describe("a page with nothing but the browser's own EventSource", () => {
  let browser: Browser;
  let app: TestApp;
  let cutter: Cutter;
  before(async () => {
    browser = await startChromium();
    app = await startApp({ LOG_LENGTH: '20' });
    cutter = await Cutter.start(app.port);
  });
  after(async () => {
    await browser.close();
    await cutter.stop();
    await app.stop();
  });

  const publish = async (from: number, to: number) => {
    for (let i = from; i <= to; i++) await post(`${app.url}/events`, { channel: 'a', data: String(i) });
  };

  test('has every event once, in order, though it is cut off again and again', async () => {
    const page = await browser.newPage();
    await collect(page, `${cutter.url}/stream?channel=a`);
    await until(page, 'collected.opened === 1');
    cutter.cut(); // before it has heard anything
    await publish(1, 5);
    await until(page, 'collected.data.length === 5');
    cutter.cut();
    await publish(6, 20);
    await until(page, 'collected.opened === 3 && collected.data.length === 20');
    await publish(21, 25);
    const { data, gaps } = await until(page, 'collected.data.length === 25');
    assert.deepEqual(
      data,
      Array.from({ length: 25 }, (_, i) => String(i + 1)),
    );
    assert.deepEqual(gaps, []);
    await page.close();
  });

  test('is told what it missed beyond the log, and gets the rest', async () => {
    const page = await browser.newPage();
    await collect(page, `${cutter.url}/stream?channel=a`);
    await until(page, 'collected.opened === 1');
    await publish(1, 3);
    await until(page, 'collected.data.length === 3');
    const { n, epoch } = await app.store.bus.position();
    cutter.cut();
    await publish(4, 33);
    const { data, gaps } = await until(page, 'collected.data.length === 23');
    const rest = Array.from({ length: 20 }, (_, i) => String(i + 14));
    assert.deepEqual(data, ['1', '2', '3', ...rest]);
    assert.deepEqual(gaps, [{ type: 'gap', channel: 'a', until: `${epoch}-${n + 10}`, certain: true }]);
    await page.close();
  });
});
