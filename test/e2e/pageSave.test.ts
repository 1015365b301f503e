import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { publish, publishMany, rows, useDashboard } from '../support/dashboard.ts';

const { started, opened, loaded } = useDashboard();

describe('copying from the page', () => {
  test('a copied command publishes the event again, in a real shell', async () => {
    const app = await started({});
    const data = `it's \n"odd" $(touch x) \\ 🎉 \u0007`;
    await publish(app.url, { channel: "it's", event: 'odd', data });
    const page = await opened(app, { permissions: ['clipboard-read', 'clipboard-write'] });
    const row = rows(page, "it's");
    await row.getByRole('button', { name: 'All data' }).click();
    await row.getByRole('button', { name: 'Copy data' }).click();
    await row.getByText('Copied').waitFor();
    assert.equal(await clipboard(page), data);
    await row.getByRole('button', { name: 'Copy curl to publish it again' }).click();
    await row.getByText('Copied').nth(1).waitFor();
    const published = JSON.parse(await shell(await clipboard(page)));
    assert.match(published.id, /-2$/);

    await row.getByRole('button', { name: 'Copy curl to read it' }).click();
    await row.getByText('Copied').nth(2).waitFor();
    const { events } = JSON.parse(await shell(await clipboard(page)));
    assert.deepEqual(
      events.map(({ id, data }: { id: string; data: string }) => [id.split('-')[1], data]),
      [['1', data]],
    );
    await row.getByRole('button', { name: 'All data' }).click();
    await rows(page, "it's").nth(1).waitFor();
    assert.deepEqual(
      await page.locator('.event .data').allTextContents(),
      Array(2).fill(data.replace('\u0007', '\u2407')),
    );
  });

  test('copies on plain http too, where a page has no clipboard', async () => {
    const app = await started({});
    await publish(app.url, { channel: 'base', data: 'plain' });
    const page = await loaded(app.url, {}, withoutClipboard);
    assert.equal(await page.evaluate('typeof navigator.clipboard'), 'undefined');
    const row = rows(page, 'base');
    await row.getByRole('button', { name: 'All data' }).click();
    await row.getByRole('button', { name: 'Copy data' }).click();
    await row.getByText('Copied').waitFor();
    // What was copied is what is pasted.
    const search = page.getByRole('searchbox', { name: 'Search events' });
    await search.focus();
    await page.keyboard.press('Control+V');
    assert.equal(await search.inputValue(), 'plain');
  });

  test('shows the text to be copied by hand when the browser refuses', async () => {
    const app = await started({});
    await publish(app.url, { channel: 'base', data: 'by hand' });
    const page = await loaded(app.url, {}, async (page) => {
      await withoutClipboard(page);
      await page.addInitScript('Document.prototype.execCommand = () => false');
    });
    const row = rows(page, 'base');
    await row.getByRole('button', { name: 'All data' }).click();
    await row.getByRole('button', { name: 'Copy data' }).click();
    const dialog = page.getByRole('dialog', { name: 'Copy it by hand' });
    const field = dialog.getByRole('textbox', { name: 'The text to copy' });
    await field.waitFor();
    assert.equal(await field.inputValue(), 'by hand');
    assert.equal(
      await field.evaluate((element: HTMLTextAreaElement) => element.selectionEnd - element.selectionStart),
      7,
    );
    await dialog.getByRole('button', { name: 'Close' }).click();
    assert.equal(await page.locator('dialog[open]').count(), 0);
  });

  test('a copied link shows the same view elsewhere', async () => {
    const app = await started({});
    for (const channel of ['a', 'b']) await publish(app.url, { channel, data: channel });
    const page = await opened(
      { url: `${app.url}/#channels=b` },
      { permissions: ['clipboard-read', 'clipboard-write'] },
    );
    await menu(page);
    await page.getByRole('button', { name: 'Copy link' }).click();
    await page.locator('#feed').getByText('Copied').waitFor();
    const link = await clipboard(page);
    assert.equal(link, `${app.url}/#channels=b`);
    const there = await opened({ url: link });
    await rows(there, 'b').waitFor();
    assert.equal(await rows(there, 'a').count(), 0);
  });
});

describe('downloading the history', () => {
  test('saves the whole log as CSV, or that of the chosen channels as JSON', async () => {
    const app = await started({ LOG_LENGTH: '5000' });
    for (let i = 0; i < 12; i++) await publishMany(app.url, 100, (n) => ({ channel: 'base', data: `${n}` }));
    await publish(app.url, { channel: 'odd', event: 'said', data: '=1+1, "so"\n🎉' });
    const page = await opened(app);
    const csv = await download(page, 'CSV');
    assert.match(csv.name, /^pinstream-\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.csv$/);
    assert.match(csv.text, /^id,channel,event,at,data\r\n/);
    assert.equal(csv.text.match(/,base,message,/g)?.length, 1_200);
    assert.match(csv.text, /,odd,said,[\dTZ:.-]+,"'=1\+1, ""so""\n🎉"\r\n$/);
    await page.getByText(/^1,201 events saved as pinstream-.*\.csv\.$/).waitFor();

    await page.getByRole('checkbox', { name: /^odd,/ }).check();
    const json = JSON.parse((await download(page, 'JSON')).text);
    assert.deepEqual(
      json.events.map(({ channel, event, data }: Record<string, string>) => [channel, event, data]),
      [['odd', 'said', '=1+1, "so"\n🎉']],
    );
    assert.equal(json.gap, null);
  });

  test('can be cancelled, and says what went wrong', async () => {
    const app = await started({});
    await publish(app.url, { channel: 'base', data: '' });
    const page = await opened(app);
    // It is never answered.
    await page.route('**/events?*', () => undefined);
    await menu(page);
    await Promise.all([
      page.waitForRequest('**/events?*'),
      page.getByRole('button', { name: 'Download as CSV' }).click(),
    ]);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('Cancelled: nothing was saved.').waitFor();

    await page.unroute('**/events?*');
    await page.route('**/events?*', (route) =>
      route.fulfill({ status: 503, json: { error: 'Redis is away.' } }),
    );
    await menu(page);
    await page.getByRole('button', { name: 'Download as JSON' }).click();
    await page.getByText('Nothing was saved. Redis is away.').waitFor();
    await page.unroute('**/events?*');
    await page.route('**/events?*', (route) => route.abort());
    await menu(page);
    await page.getByRole('button', { name: 'Download as JSON' }).click();
    await page.getByText('Nothing was saved. The server cannot be reached at the moment.').waitFor();
    await page.getByRole('button', { name: 'Close' }).click();
    assert.equal(await page.getByText('Nothing was saved.').isVisible(), false);
  });

  test('of an empty log says so, and saves nothing', async () => {
    const page = await opened(await started({}));
    page.on('download', () => assert.fail('nothing is saved'));
    await menu(page);
    await page.getByRole('button', { name: 'Download as CSV' }).click();
    await page.getByText('The log is empty: nothing was saved.').waitFor();
  });
});

async function menu(page: Page): Promise<void> {
  await page.locator('#feed .menu > summary').click();
}

async function download(page: Page, format: string): Promise<{ name: string; text: string }> {
  await menu(page);
  const [file] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: `Download as ${format}` }).click(),
  ]);
  return { name: file.suggestedFilename(), text: await readFile(await file.path(), 'utf8') };
}

function clipboard(page: Page): Promise<string> {
  return page.evaluate(() => navigator.clipboard.readText());
}

/** As on http://raspberrypi: there is no such thing. */
function withoutClipboard(page: Page): Promise<unknown> {
  return page.addInitScript("Object.defineProperty(Navigator.prototype, 'clipboard', { value: undefined })");
}

async function shell(command: string): Promise<string> {
  const { stdout } = await promisify(execFile)('sh', ['-c', command.replace(/^curl/, 'curl -sS')], {
    env: { PATH: process.env.PATH, NO_PROXY: '*' },
  });
  return stdout;
}
