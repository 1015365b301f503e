import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { BrowserContextOptions } from 'playwright-core';
import { complaintsOf } from '../support/axe.ts';
import { publish, publishForm, rows, tabTo, useDashboard, WITH_LED } from '../support/dashboard.ts';

const { started, loaded, opened } = useDashboard();

const LAPTOP = { width: 1280, height: 800 };
const PHONE = { width: 360, height: 740 };

const SIGHTS: readonly [string, BrowserContextOptions][] = [
  ['light, on a laptop', { colorScheme: 'light', viewport: LAPTOP }],
  ['dark, on a laptop', { colorScheme: 'dark', viewport: LAPTOP }],
  ['light, on a phone', { colorScheme: 'light', viewport: PHONE, isMobile: true, hasTouch: true }],
  ['dark, on a phone', { colorScheme: 'dark', viewport: PHONE, isMobile: true, hasTouch: true }],
];

for (const [sight, options] of SIGHTS) {
  describe(`axe-core finds nothing, ${sight}`, () => {
    test('with events, and everything unfolded', async () => {
      const app = await started(WITH_LED, { mock: true });
      for (const channel of ['room-1', 'room-2', 'base']) {
        await publish(app.url, { channel, event: 'measured', data: '{"celsius":21.5,"of":["a",true,null]}' });
        await publish(app.url, { channel, data: 'x'.repeat(5_000) });
      }
      const page = await opened(app, options);
      await page.getByRole('switch', { name: 'led' }).click();
      await page.getByRole('button', { name: 'Press button' }).click();
      await rows(page, 'button', 'click').waitFor();
      for (const more of await page.getByRole('button', { name: 'All data' }).all()) await more.click();
      await page.evaluate(unfold);
      assert.deepEqual(await complaintsOf(page), []);
    });

    test('empty', async () => {
      const page = await opened(await started({}), options);
      await page.getByText('Nothing has happened yet').waitFor();
      assert.deepEqual(await complaintsOf(page), []);
    });

    test('not live, with its problem', async () => {
      const app = await started(WITH_LED, { mock: true });
      const page = await opened(app, options);
      await page.locator('.pin').first().waitFor();
      await app.stop();
      await page.locator('#problems li').first().waitFor();
      assert.deepEqual(await complaintsOf(page), []);
    });

    test('with an error in the form, and while it asks for the key', async () => {
      const app = await started({ PUBLISH_KEY: 'open-sesame', PUBLISH_OPEN: '0' });
      const page = await opened(app, options);
      const form = await publishForm(page);
      await form.getByLabel('Channel').fill('base');
      await form.getByRole('button', { name: 'Publish' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Key').fill('wrong');
      await page.keyboard.press('Enter');
      await dialog.getByRole('alert').waitFor();
      assert.deepEqual(await complaintsOf(page), []);
      await dialog.getByLabel('Key').fill('open-sesame');
      await page.keyboard.press('Enter');
      await form.getByText('Kept as').waitFor();
      await form.getByLabel('Channel').fill('room-*');
      await form.getByRole('button', { name: 'Publish' }).click();
      await form.getByText('A channel cannot contain').waitFor();
      assert.deepEqual(await complaintsOf(page), []);
    });

    test('on /test', async () => {
      const { url } = await started({});
      const page = await loaded(`${url}/test`, options);
      await page.getByText('Live', { exact: true }).waitFor();
      assert.deepEqual(await complaintsOf(page), []);
    });
  });
}

describe('the keyboard alone', () => {
  test('comes to everything, sees where it is, and skips to the events', async () => {
    const app = await started(WITH_LED, { mock: true });
    const page = await opened(app);
    await rows(page, 'device').first().waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    assert.equal(await page.evaluate(() => document.activeElement?.id), 'feed');
    assert.equal(new URL(page.url()).hash, '', 'the address stays what it is');
    await tabTo(page, page.getByRole('button', { name: 'Press button' }));
    const unseen: string[] = [];
    const missing = new Set(await page.evaluate(reachable));
    for (let i = 0; i < 100 && missing.size > 0; i++) {
      const [name = '', seen = false] = await page.evaluate(focused);
      missing.delete(name);
      if (!seen) unseen.push(name);
      await page.keyboard.press('Tab');
    }
    assert.deepEqual([[...missing], unseen], [[], []]);
  });

  test('its keys are listed behind the question mark, work, and mean nothing while somebody types', async () => {
    const page = await opened(await started({}, { mock: true }));
    await page.keyboard.press('?');
    const dialog = page.getByRole('dialog', { name: 'Keyboard' });
    await dialog.getByText('Search the events').waitFor();
    assert.deepEqual(await complaintsOf(page), []);
    await page.keyboard.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    await page.keyboard.press('/');
    await page.keyboard.type('p?1/');
    const search = page.locator('#feed').getByRole('searchbox');
    assert.equal(await search.inputValue(), 'p?1/');
    assert.equal(await dialog.isVisible(), false);
    await page.getByRole('button', { name: 'Pause' }).focus();
    await page.keyboard.press('p');
    await page.getByRole('button', { name: 'Resume' }).waitFor();
    await page.keyboard.press('3');
    await page.waitForURL(/span=1h/);
  });
});

describe('there is nothing to scroll sideways', () => {
  for (const [how, width, percent] of [
    ['at 320 pixels', 320, 100],
    ['with text of twice the size', 640, 200],
  ] as const) {
    test(how, async () => {
      const app = await started(WITH_LED, { mock: true });
      const unbroken = 'W'.repeat(180);
      await publish(app.url, { channel: unbroken, event: unbroken, data: unbroken.repeat(20) });
      const page = await opened(app, { viewport: { width, height: 800 } });
      await page.evaluate((size) => {
        document.documentElement.style.fontSize = size;
      }, `${percent}%`);
      await page.getByRole('button', { name: 'Press button' }).click();
      await rows(page, 'button', 'click').waitFor();
      await page.evaluate(unfold);
      const { wide, who } = await page.evaluate(widest);
      assert.ok(wide <= width, `${wide} pixels wide: ${who}`);
    });
  }
});

function unfold(): void {
  for (const folded of document.querySelectorAll('details')) folded.open = true;
}

/** Each control of the page gets a name of its own, which is not shown. */
function reachable(): string[] {
  const controls = document.querySelectorAll('a[href], button, input, textarea, summary, [tabindex="0"]');
  return Array.from(controls, (element) => element as HTMLInputElement)
    .filter((element) => element.checkVisibility() && !element.disabled && element.tabIndex >= 0)
    .filter((element) => !(element.type === 'radio' && !element.checked))
    .map((element, i) => {
      element.dataset.reached = `${i} ${(element.cloneNode() as Element).outerHTML}`;
      return element.dataset.reached;
    });
}

/** Where the keyboard is, and whether that can be seen. */
function focused(): [string, boolean] {
  const element = document.activeElement as HTMLElement;
  const styles = [element, element.parentElement as HTMLElement, element.nextElementSibling as HTMLElement]
    .filter(Boolean)
    .flatMap((one) => [getComputedStyle(one), getComputedStyle(one, '::before')]);
  const isSeen = element === document.body || styles.some(({ outlineStyle }) => outlineStyle !== 'none');
  return [element.dataset.reached ?? '', isSeen];
}

/** How wide the page is, and what sticks out of it. */
function widest(): { wide: number; who: string } {
  const wide = document.documentElement.scrollWidth;
  const out = [...document.querySelectorAll('body *')].filter(
    (element) => element.getBoundingClientRect().right > innerWidth + 1 && element.checkVisibility(),
  );
  return {
    wide,
    who: out
      .slice(0, 5)
      .map((element) => element.outerHTML.slice(0, 120))
      .join('\n'),
  };
}
