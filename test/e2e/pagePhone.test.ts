import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { publish, rows, useDashboard, WITH_LED } from '../support/dashboard.ts';

const { started, opened } = useDashboard();

const LAPTOP = { width: 1280, height: 800 };
const PHONE = { width: 360, height: 740 };

describe('on a phone', () => {
  const phone = { isMobile: true, hasTouch: true };

  test('what is to be seen first is read first, also after it was turned', async () => {
    const page = await opened(await started(WITH_LED, { mock: true }), { viewport: PHONE, ...phone });
    const sections = ['device', 'timeline', 'feed', 'channels', 'publish'];
    assert.deepEqual(await page.evaluate(inDocument, sections), sections);
    assert.deepEqual(await page.evaluate(fromAbove, sections), sections);
    await page.setViewportSize(LAPTOP);
    const wide = ['device', 'channels', 'publish', 'timeline', 'feed'];
    await page.waitForFunction(
      () => document.querySelector('#publish')?.parentElement?.className === 'bench',
    );
    assert.deepEqual(await page.evaluate(inDocument, sections), wide);
    await page.locator('#publish summary').focus();
    await page.setViewportSize(PHONE);
    await page.waitForFunction(() => document.querySelector('#publish')?.parentElement?.id === 'main');
    assert.deepEqual(await page.evaluate(inDocument, sections), sections);
    assert.equal(await page.evaluate(() => document.activeElement?.parentElement?.id), 'publish');
  });

  test('the first event is in sight beside three pins', async () => {
    const app = await started({ PINS: 'button=17, door=27, led=18:out' }, { mock: true });
    await publish(app.url, { channel: 'base', data: 'Hello!' });
    const page = await opened(app, { viewport: { width: 360, height: 780 }, ...phone });
    await page.locator('.pin').nth(2).waitFor();
    await rows(page, 'base').waitFor();
    await page.locator('#timeline [data-part=plot]').waitFor();
    const box = await page.locator('.event').first().boundingBox();
    assert.ok(box && box.y + box.height <= 780, `it ends at ${box && box.y + box.height}`);
  });

  test('nothing covers anything with text of twice the size', async () => {
    const page = await opened(await started(WITH_LED, { mock: true }), { viewport: PHONE, ...phone });
    await page.locator('.pin').nth(1).waitFor();
    await page.evaluate(() => {
      document.documentElement.style.fontSize = '200%';
    });
    assert.deepEqual(await page.evaluate(covered), []);
  });
});

function inDocument(ids: readonly string[]): string[] {
  return [...document.querySelectorAll('main section, main details')]
    .map(({ id }) => id)
    .filter((id) => ids.includes(id));
}

function fromAbove(ids: readonly string[]): string[] {
  return ids
    .map((id) => ({ id, top: document.getElementById(id)?.getBoundingClientRect().top ?? 0 }))
    .sort((one, other) => one.top - other.top)
    .map(({ id }) => id);
}

/** What of a pin overlaps with something else of it. */
function covered(): string[] {
  const found: string[] = [];
  for (const pin of document.querySelectorAll('.pin')) {
    const parts = [...pin.querySelectorAll('.pin-name, .level, .since, .wiring, button')].filter((element) =>
      element.checkVisibility(),
    );
    for (const one of parts) {
      for (const other of parts) {
        if (one === other) continue;
        const [a, b] = [one.getBoundingClientRect(), other.getBoundingClientRect()];
        const over = a.left < b.right && b.left < a.right && a.top < b.bottom - 2 && b.top < a.bottom - 2;
        // Inline text that wraps has a box around all of its lines.
        const isBlock = one.matches('button') || other.matches('button');
        if (over && isBlock) found.push(`${one.className} ${other.className}`);
      }
    }
  }
  return found;
}
