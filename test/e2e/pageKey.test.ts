import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { complaintsOf } from '../support/axe.ts';
import { postJson, problem, publish, rows, useDashboard } from '../support/dashboard.ts';

const { started, loaded, closing, browser } = useDashboard();

const LOCKED = { ACCESS_RULES: 'allow read * to s3same' };

describe('where reading needs a key', () => {
  test('it says so, takes one, and uses it for the stream and for all that it asks', async () => {
    const app = await started(LOCKED, { mock: true });
    await postJson(`${app.url}/pins/button`, { press: 40 });
    const page = await loaded(app.url);
    await problem(page, 'Reading needs a key').waitFor();
    await page.getByText('Not live', { exact: true }).waitFor();
    assert.equal(await page.getByRole('dialog').count(), 0, 'nobody is asked before they want to');
    assert.deepEqual(await complaintsOf(page), []);

    await enter(page, 'wrong');
    await problem(page, 'This key does not open these channels').waitFor();
    const refused: string[] = [];
    await enter(page, 's3same', () => {
      page.on('response', (response) => {
        if (response.status() === 401 || response.status() === 403) refused.push(response.url());
      });
    });
    await page.getByText('Live', { exact: true }).waitFor();
    await page.locator('#problems li').waitFor({ state: 'detached' });
    await rows(page, 'button', 'press').waitFor();
    await page.locator('.pin', { hasText: 'button' }).getByText('1 press').waitFor();
    await page
      .locator('[data-part=list]')
      .getByRole('checkbox', { name: /^button, \d+ events/ })
      .waitFor();
    await page.locator('#timeline canvas[data-marks="1"]').waitFor();
    const saving = page.waitForEvent('download');
    await page.locator('#feed summary').click();
    await page.getByRole('button', { name: 'Download as JSON' }).click();
    await saving;
    assert.deepEqual(refused, []);

    await page.reload();
    await page.getByText('Live', { exact: true }).waitFor();
    await publish(app.url, { channel: 'base', data: 'heard' });
    await rows(page, 'base').waitFor();
    assert.equal(await page.locator('#problems li').count(), 0);
  });

  test('channels that are open to all are shown without one', async () => {
    const app = await started({ ACCESS_RULES: 'allow read vault to s3same' });
    await publish(app.url, { channel: 'base', data: 'for all' });
    const page = await loaded(app.url);
    await problem(page, 'or choose channels that are open to all').waitFor();
    await page.getByRole('searchbox', { name: 'Find a channel' }).fill('base');
    await page.getByRole('button', { name: 'Add channel' }).click();
    await page.getByText('Live', { exact: true }).waitFor();
    await rows(page, 'base').getByText('for all').waitFor();
    assert.equal(await page.locator('#problems li').count(), 0);
  });

  test('a key that is given in one tab opens the others', async () => {
    const app = await started(LOCKED);
    const context = await browser().newContext();
    closing.push(() => context.close());
    const pages = [await context.newPage(), await context.newPage()] as const;
    for (const page of pages) {
      await page.goto(app.url);
      await problem(page, 'Reading needs a key').waitFor();
    }
    await enter(pages[0], 's3same');
    for (const page of pages) await page.getByText('Live', { exact: true }).waitFor();
  });
});

async function enter(page: Page, key: string, ready = () => {}): Promise<void> {
  await page.getByRole('button', { name: 'Enter a key' }).click();
  const dialog = page.getByRole('dialog', { name: 'Reading needs a key' });
  await dialog.getByText('ACCESS_RULES').waitFor();
  await dialog.getByLabel('Key').fill(key);
  ready();
  await page.keyboard.press('Enter');
}
