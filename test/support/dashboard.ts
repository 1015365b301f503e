import assert from 'node:assert/strict';
import type { BrowserContextOptions, Locator, Page } from 'playwright-core';
import type { TestAppOptions } from './app.ts';
import { useChromium } from './chromium.ts';
import { Cutter } from './cutter.ts';
import { startedApp } from './startedApp.ts';

/** The dashboard in a real Chromium, for the tests of one file. What they start is ended after each. */
export function useDashboard() {
  const { browser, closing } = useChromium();

  const started = (settings: Record<string, string> = {}, options: TestAppOptions = {}) =>
    startedApp(closing, settings, options);

  /** A page with a profile of its own; `prepare` is called before it is loaded. */
  async function loaded(
    url: string,
    options: BrowserContextOptions = {},
    prepare: (page: Page) => Promise<unknown> = async () => {},
  ): Promise<Page> {
    const context = await browser().newContext(options);
    closing.push(() => context.close());
    const page = await context.newPage();
    page.setDefaultTimeout(15_000);
    await prepare(page);
    await page.goto(url);
    return page;
  }

  /** A live page with a profile of its own. */
  async function opened({ url }: { url: string }, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await loaded(url, options);
    await page.getByText('Live', { exact: true }).waitFor();
    return page;
  }

  async function lineTo(port: number): Promise<Cutter> {
    const line = await Cutter.start(port);
    closing.push(() => line.stop());
    return line;
  }

  return { browser, closing, started, loaded, opened, lineTo };
}

/** The rows of the events on a channel, and of one name. */
export function rows(page: Page, channel: string, name?: string): Locator {
  const exactly = (value: string) => new RegExp(`^${value}$`);
  const ofChannel = page
    .locator('.event')
    .filter({ has: page.locator('.channel', { hasText: exactly(channel) }) });
  return name ? ofChannel.filter({ has: page.locator('.name', { hasText: exactly(name) }) }) : ofChannel;
}

export async function text(root: Locator, part: string): Promise<string> {
  return (await root.locator(part).textContent()) ?? '';
}

export async function publish(
  url: string,
  event: { channel: string; event?: string; data: string },
): Promise<void> {
  const response = await postJson(`${url}/events`, event);
  assert.equal(response.status, 201);
}

/** Up to a hundred events in one request. */
export async function publishMany(url: string, count: number, event: (n: number) => object): Promise<void> {
  const events = Array.from({ length: count }, (_, n) => event(n));
  const response = await postJson(`${url}/events`, events);
  assert.ok(response.ok, await response.text());
}

export function postJson(url: string, body: object): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

export const WITH_LED = { PINS: 'button=17, led=18:out' };

/** The channels that can be chosen. */
export function choices(page: Page): Locator {
  return page.locator('#channels [data-part=list]');
}

export function search(page: Page, text: string): Promise<void> {
  return page.getByRole('searchbox', { name: 'Search events' }).fill(text);
}

/** What is wrong, in these words. */
export function problem(page: Page, words: string): Locator {
  return page.locator('#problems li', { hasText: words });
}

/** The page's form, unfolded. */
export async function publishForm(page: Page): Promise<Locator> {
  await page.locator('#publish > summary').click();
  return page.locator('#publish form');
}

/** Goes there with the Tab key alone. */
export async function tabTo(page: Page, control: Locator): Promise<void> {
  for (let i = 0; i < 80; i++) {
    if (await control.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error('The keyboard does not come there.');
}
