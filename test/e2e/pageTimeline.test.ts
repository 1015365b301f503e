import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import type { TestApp } from '../support/app.ts';
import { postJson, useDashboard } from '../support/dashboard.ts';

const { started, loaded, opened } = useDashboard();

type App = Pick<TestApp, 'url' | 'store'>;

const BUTTON = { name: 'button', gpio: 17, direction: 'in', level: 0 };
const LED = { name: 'led', gpio: 18, direction: 'out', level: 0 };
const MINUTE = 60_000;

describe('the timeline', () => {
  test('shows a press no later than a frame after its event is in the feed', async () => {
    const app = await started();
    await say(app, 'device', 'state', Date.now(), online(BUTTON));
    // At this span time moves on by a pixel in minutes: it is the event that makes it draw.
    const page = await opened(at(app, '#span=24h'));
    await summary(page, /^button: no press is known\.$/);
    await page.evaluate(() => {
      const noted: { frame: number; drawn?: number; told?: number; count(): void } = {
        frame: 0,
        count() {
          noted.frame++;
          requestAnimationFrame(noted.count);
        },
      };
      Object.assign(window, { noted });
      noted.count();
      const canvas = document.querySelector('#timeline canvas') as HTMLCanvasElement;
      new MutationObserver(() => {
        if (canvas.dataset.newest) noted.drawn ??= noted.frame;
      }).observe(canvas, { attributeFilter: ['data-newest'] });
      const feed = document.querySelector('#feed') as HTMLElement;
      new MutationObserver(() => {
        if (feed.textContent?.includes('Button press #1')) noted.told ??= noted.frame;
      }).observe(feed, { childList: true, subtree: true, characterData: true });
    });
    const text = 'Button press #1';
    await say(app, 'button', 'press', Date.now(), { pin: 'button', gpio: 17, press: 1, text });
    await until(page, ({ newest }) => newest !== '');
    await page.locator('#feed').getByText(text).first().waitFor();
    const { drawn, told } = (await page.evaluate('({ drawn: noted.drawn, told: noted.told })')) as {
      drawn: number;
      told: number;
    };
    assert.ok(drawn <= told + 1, `drawn in frame ${drawn}, told in ${told}`);
    assert.ok((await colours(page)).has('ink'), 'a mark');
  });

  test('shows history at once, from the log, further back than the stream tells', async () => {
    const app = await started();
    const now = Date.now();
    await say(app, 'device', 'state', now - 70 * MINUTE, online(BUTTON, LED));
    for (let i = 1; i <= 90; i++) await press(app, i, now - (91 - i) * 20_000, 1_500);
    const page = await opened(at(app, '#span=1h'));
    await until(page, ({ marks }) => marks === '90');
    await summary(page, /^button: 90 presses in the last hour, last at .+, held 2 min 15 s in all\.$/);
    await summary(page, /^led: off since /);
    assert.deepEqual([...(await colours(page))].sort(), ['ink', 'lamp']);
  });

  test('shows when an output was on', async () => {
    const app = await started({ PINS: 'led=18:out' }, { mock: true });
    const page = await opened(at(app, '#span=1m'));
    await summary(page, /^led: off since /);
    assert.ok(!(await colours(page)).has('lamp'), 'off');
    await postJson(`${app.url}/pins/led`, { value: 1 });
    await page.locator('#device').getByText('on', { exact: true }).waitFor();
    await drawnNext(page);
    assert.ok((await colours(page)).has('lamp'), 'on');
    await plot(page).focus();
    await page.keyboard.press('ArrowLeft');
    await page.getByText(/^led: on since .+ now$/).waitFor();
  });

  test('draws a gap as a gap, and what came before it stays', async () => {
    const app = await started();
    const now = Date.now();
    await say(app, 'device', 'state', now - 5_000, online(BUTTON));
    await press(app, 1, now - 4_000, 200);
    const page = await opened(at(app, '#span=1m'));
    await until(page, ({ marks }) => marks === '1');
    assert.ok(!(await colours(page)).has('wait'), 'whole');
    await app.stop();
    const anew = await started({ PORT: String(app.port) });
    await page.getByText('Gap', { exact: true }).waitFor();
    await drawnNext(page);
    assert.ok((await colours(page)).has('wait'), 'hatched');
    assert.equal((await notes(page)).marks, '1');
    const again = Date.now();
    await press(anew, 1, again, 100);
    await until(page, ({ marks }) => marks === '2');
    const { from = '0', to = '1' } = await notes(page);
    const share = ((now + again) / 2 - Number(from)) / (Number(to) - Number(from));
    const { left, width, top } = await trackOf(page);
    await page.mouse.move(left + share * width, top);
    await page
      .locator('.tip')
      .getByText(/gap, .+: events are missing here/)
      .waitFor();
  });

  test('is zoomed, moved and stepped through with keys alone', async () => {
    const app = await started();
    const now = Date.now();
    await say(app, 'device', 'state', now - 8 * MINUTE, online(BUTTON, LED));
    await press(app, 1, now - 7 * MINUTE, 1_200);
    await press(app, 2, now - 30_000, 80);
    const page = await opened(app);
    await until(page, ({ marks }) => marks === '2');
    assert.equal(await span(page), 10 * MINUTE);
    await plot(page).focus();
    await page.keyboard.press('+');
    await untilSpan(page, 5 * MINUTE);
    await page.getByText('5 min shown, until now').waitFor();
    await page.keyboard.press('ArrowLeft');
    await page.getByText(/^button: press #2, .+, held 80 ms$/).waitFor();
    await page.keyboard.press('ArrowLeft');
    await page.getByText(/^button: press #1, .+, held 1.2 s$/).waitFor();
    await until(page, ({ from, to }) => Number(from) < now - 7 * MINUTE && Number(to) < now - MINUTE);
    await page.keyboard.press('ArrowLeft');
    await page.getByText('button: no further marks').waitFor();
    await page.keyboard.press('End');
    await until(page, ({ to }) => Number(to) >= now);
    for (const key of ['-', '-', '-']) await page.keyboard.press(key);
    await untilSpan(page, 40 * MINUTE);
    await page.keyboard.press('PageUp');
    await until(page, ({ to }) => Number(to) < now - 30 * MINUTE);
    await page.getByRole('button', { name: 'Now' }).click();
    await until(page, ({ to }) => Number(to) >= now);
  });

  test('points at the same pin when pins change places, and at none when it is gone', async () => {
    const app = await started();
    const now = Date.now();
    await say(app, 'device', 'state', now - MINUTE, online(BUTTON, LED));
    await press(app, 1, now - 30_000, 80);
    const page = await opened(app);
    await until(page, ({ marks }) => marks === '1');
    await plot(page).focus();
    await page.keyboard.press('ArrowLeft');
    const tip = page.locator('.tip');
    await tip.getByText('press #1').waitFor();
    const { y: above = 0 } = (await tip.boundingBox()) ?? {};
    await say(app, 'device', 'state', now, online(LED, BUTTON));
    await page.locator('.lane-name').first().getByText('led').waitFor();
    await drawnNext(page);
    assert.match((await tip.textContent()) ?? '', /^buttonpress #1/);
    const { y: below = 0 } = (await tip.boundingBox()) ?? {};
    assert.notEqual(below, above);
    await say(app, 'device', 'state', now + 1, online(LED));
    await tip.waitFor({ state: 'hidden' });
  });

  test('keeps its span in the address', async () => {
    const app = await started({}, { mock: true });
    const page = await opened(app);
    await plot(page).waitFor();
    await page.getByRole('radio', { name: '10 min' }).focus();
    await page.keyboard.press('ArrowRight');
    await untilSpan(page, 60 * MINUTE);
    assert.equal(await page.evaluate('location.hash'), '#span=1h');
    await page.reload();
    await untilSpan(page, 60 * MINUTE);
    assert.ok(await page.getByRole('radio', { name: '1 h' }).isChecked(), 'chosen');
    await page.goBack();
    await untilSpan(page, 10 * MINUTE);
  });

  test('leaves the wheel to the page unless ctrl is held; a hand drags and taps twice', async () => {
    const app = await started({}, { mock: true });
    const page = await opened(app, { viewport: { width: 1000, height: 300 } });
    await plot(page).waitFor();
    await plot(page).scrollIntoViewIfNeeded();
    const { left, width, top } = await trackOf(page);
    await page.mouse.move(left + width / 2, top);
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -100);
    await page.keyboard.up('Control');
    await until(page, ({ from, to }) => Number(to) - Number(from) < 7 * MINUTE);
    const before = await span(page);
    const scrolled = await page.evaluate(() => scrollY);
    await page.mouse.wheel(0, 60);
    await page.waitForFunction((was) => scrollY !== was, scrolled);
    assert.equal(await span(page), before);
    await page.mouse.wheel(0, -60);
    await page.waitForFunction((was) => scrollY === was, scrolled);
    const { to: end } = await notes(page);
    await page.mouse.down();
    await page.mouse.move(left + width / 2 + 100, top, { steps: 5 });
    await page.mouse.up();
    await until(page, ({ to }) => Number(to) < Number(end) - before / 10);
    await page.mouse.dblclick(left + width / 2, top);
    await until(page, ({ from, to }) => Math.abs((Number(to) - Number(from)) / before - 0.5) < 0.01);
  });

  test('stays bounded under 10,000 events, and shows the last of them', async () => {
    const app = await started();
    const begin = Date.now() - 5_000;
    await say(app, 'device', 'state', begin - 1_000, online(BUTTON));
    const page = await opened(at(app, '#span=1m'));
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(error.message));
    await plot(page).waitFor();
    for (let i = 1; i <= 5_000; i++) await press(app, i, begin + i, 0.5);
    const { id } = await press(app, 5_001, begin + 5_001, 0.5);
    await until(page, ({ newest }) => newest === id);
    assert.equal((await notes(page)).marks, '2000');
    await page.getByRole('button', { name: 'Figures' }).click();
    const cells = await page.locator('#timeline-table tbody td').allTextContents();
    const counted = cells.map((cell) => Number.parseInt(cell.replace('at least ', ''), 10) || 0);
    assert.equal((counted[0] ?? 0) + (counted[1] ?? 0), 5_001);
    assert.deepEqual(errors, []);
  });

  test('has the time of the server, however wrong the clock of this browser is', async () => {
    const app = await started({}, { mock: true });
    const page = await loaded(`${app.url}/#span=1m`, {}, (blank) =>
      blank.addInitScript(() => {
        const { now } = Date;
        Date.now = () => now() + 400 * 86_400_000;
      }),
    );
    await plot(page).waitFor();
    await postJson(`${app.url}/pins/button`, { press: 60 });
    await until(page, ({ newest }) => newest !== '');
    await until(page, ({ to }) => Math.abs(Number(to) - Date.now()) < 30_000);
    assert.ok((await colours(page)).has('ink'), 'the press is in sight');
  });

  test('says that there are no pins, and fits a phone when there are many with long names', async () => {
    const app = await started();
    const page = await opened(app, { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
    await page.getByText('No pins yet').waitFor();
    assert.ok(!(await plot(page).isVisible()), 'nothing to be drawn');
    const pins = Array.from({ length: 26 }, (_, i) => ({
      ...BUTTON,
      name: `${'W'.repeat(60)}-${i}`,
      gpio: i + 2,
    }));
    await say(app, 'device', 'state', Date.now(), online(...pins, { ...LED, name: 'زر الباب' }));
    await plot(page).waitFor();
    const [wide, high, inner] = (await page.evaluate(
      `[document.documentElement.scrollWidth, ...['clientHeight', 'scrollHeight'].map((name) => document.querySelector('.plot')[name])]`,
    )) as [number, number, number];
    assert.ok(wide <= 360, `${wide} pixels wide`);
    assert.ok(high < 340 && inner > 1_000, `${high} of ${inner} pixels high`);
  });
});

function at({ url }: App, hash: string) {
  return { url: `${url}/${hash}` };
}

function plot(page: Page) {
  return page.getByRole('application', { name: 'Timeline' });
}

function say(app: App, channel: string, name: string, at: number, data: object) {
  return app.store.bus.append({ channel, name, at, data: JSON.stringify(data) }, { hardware: true });
}

/** The id of the press. */
async function press(app: App, number: number, at: number, held: number): Promise<{ id: string }> {
  const { epoch, n } = await say(app, 'button', 'press', at, { pin: 'button', gpio: 17, press: number });
  await say(app, 'button', 'release', at + held, { pin: 'button', gpio: 17, press: number, held });
  return { id: `${epoch}-${n}` };
}

function online(...pins: object[]): object {
  return { state: 'online', driver: 'mock', pins };
}

/** What stands on the canvas, as it says itself. */
function notes(page: Page): Promise<Record<string, string | undefined>> {
  return page
    .locator('#timeline canvas')
    .first()
    .evaluate((canvas) => ({ ...(canvas as HTMLElement).dataset }));
}

/** Looks at each frame that was drawn. */
async function until(page: Page, met: (notes: Record<string, string | undefined>) => boolean): Promise<void> {
  const deadline = performance.now() + 15_000;
  for (;;) {
    const now = await notes(page);
    if (met(now)) return;
    if (performance.now() > deadline) throw new Error(`The canvas says: ${JSON.stringify(now)}`);
    await drawnNext(page);
  }
}

async function span(page: Page): Promise<number> {
  const { from, to } = await notes(page);
  return Number(to) - Number(from);
}

function untilSpan(page: Page, ms: number): Promise<void> {
  return until(page, ({ from, to }) => Math.abs(Number(to) - Number(from) - ms) <= 1);
}

function drawnNext(page: Page): Promise<unknown> {
  return page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

async function summary(page: Page, words: RegExp): Promise<void> {
  await page.locator('#timeline [data-part=summary]').getByText(words).waitFor({ state: 'attached' });
}

/** Which of these colours are on the plot of the lanes; names and hours are beside it. */
async function colours(page: Page): Promise<Set<string>> {
  const found = await page.evaluate(() => {
    const canvas = document.querySelector('#timeline canvas') as HTMLCanvasElement;
    const labels = getComputedStyle(document.querySelector('.plot') as Element);
    const left = Number.parseFloat(labels.getPropertyValue('--label-width'));
    const right = Number.parseFloat(labels.getPropertyValue('--hours-width')) + 20;
    const context = canvas.getContext('2d') as CanvasRenderingContext2D;
    const { data } = context.getImageData(left, 0, canvas.width - left - right, canvas.height);
    const seen = new Set<string>();
    for (let i = 0; i < data.length; i += 4) seen.add(`rgb(${data[i]}, ${data[i + 1]}, ${data[i + 2]})`);
    const probe = document.body.appendChild(document.createElement('i'));
    return ['ink', 'lamp', 'wait'].filter((name) => {
      probe.style.color = `var(--${name})`;
      return seen.has(getComputedStyle(probe).color);
    });
  });
  return new Set(found);
}

/** Where the first lane is on the screen. */
function trackOf(page: Page): Promise<{ left: number; width: number; top: number }> {
  return page.evaluate(() => {
    const element = document.querySelector('.plot') as HTMLElement;
    const { left, top, width } = element.getBoundingClientRect();
    const style = getComputedStyle(element);
    const [labels, lane] = ['--label-width', '--plot-width'].map((name) =>
      Number.parseFloat(style.getPropertyValue(name)),
    ) as [number, number];
    return { left: left + labels, width: Math.min(lane, width), top: top + 20 };
  });
}
