import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { describe, test } from 'node:test';
import { promisify } from 'node:util';
import { publishForm, rows, text, useDashboard } from '../support/dashboard.ts';

const { started, opened } = useDashboard();

describe('publishing on the page', () => {
  test('publishes', async () => {
    const page = await opened(await started({}));
    const form = await publishForm(page);
    await form.getByLabel('Channel').fill('base');
    await form.getByLabel('Event').fill('greeting');
    await form.getByLabel('Data').fill('Hello!\n"quoted"');
    await form.getByRole('button', { name: 'Publish' }).click();
    await form.getByText(/^Kept as [0-9a-z]+-\d+, sent to \d+ streams?\.$/).waitFor();
    const row = rows(page, 'base', 'greeting');
    await row.waitFor();
    assert.equal(await text(row, '.data'), 'Hello!\n"quoted"');
  });

  test('says which field is wrong', async () => {
    const page = await opened(await started({}));
    const form = await publishForm(page);
    await form.getByLabel('Channel').fill('room-*');
    await form.getByLabel('Channel').press('Enter');
    await form.getByText('A channel cannot contain "*"').waitFor();
    assert.equal(await form.getByLabel('Channel').getAttribute('aria-invalid'), 'true');
    await form.getByLabel('Channel').fill('room-1');
    await form.getByLabel('Channel').press('Enter');
    await form.getByText('Kept as').waitFor();
    assert.equal(await form.getByLabel('Channel').getAttribute('aria-invalid'), null);
  });

  test('asks for the key when it is needed, and remembers it', async () => {
    const app = await started({ PUBLISH_KEY: 'open-sesame', PUBLISH_OPEN: '0' }, { mock: true });
    const page = await opened(app);
    const dialog = page.getByRole('dialog');
    assert.equal(await dialog.isVisible(), false);
    const form = await publishForm(page);
    await form.getByLabel('Channel').fill('base');
    await form.getByLabel('Data').fill('with the key');
    const publishButton = form.getByRole('button', { name: 'Publish' });
    await publishButton.click();

    await dialog.getByLabel('Key').fill('wrong');
    await dialog.getByRole('button', { name: 'Use it' }).click();
    await dialog.getByRole('alert').getByText('This is not the publish key.').waitFor();
    await page.keyboard.press('Escape');
    await form.getByText('This is not the publish key.').waitFor();
    assert.equal(await rows(page, 'base').count(), 0);

    await publishButton.click();
    await dialog.getByLabel('Key').fill('open-sesame');
    await page.keyboard.press('Enter');
    await rows(page, 'base').waitFor();

    await page.reload();
    await rows(page, 'base').waitFor();
    await page.getByRole('button', { name: 'Press button' }).click();
    await rows(page, 'button', 'press').waitFor();
    assert.equal(await dialog.isVisible(), false);

    await publishForm(page);
    await page.getByRole('button', { name: 'Forget the key' }).click();
    assert.equal(await page.evaluate('localStorage.length'), 0);
  });

  test('hints at JSON that is none, and sends it all the same', async () => {
    const page = await opened(await started({}));
    const form = await publishForm(page);
    await form.getByLabel('Channel').fill('base');
    await form.getByLabel('Data').fill('{"celsius": 21.5,}');
    await form
      .getByText('This looks like JSON, but a comma stands before its end. It is sent as text.')
      .waitFor();
    await form.getByLabel('Data').press('Control+Enter');
    await form.getByText('Kept as').waitFor();
    assert.equal(await text(rows(page, 'base', 'message'), '.data'), '{"celsius": 21.5,}');
    await form.getByLabel('Data').fill('{"celsius": 21.5}');
    await form.getByText('This looks like JSON').waitFor({ state: 'detached' });
  });

  test('Ctrl+Enter publishes once, wherever the focus is and however long it is held', async () => {
    const page = await opened(await started({}));
    const form = await publishForm(page);
    let published = 0;
    page.on('request', (request) => {
      if (request.method() === 'POST') published++;
    });
    const fields = [form.getByLabel('Channel'), form.getByRole('button', { name: 'Publish' })];
    for (const [i, field] of fields.entries()) {
      await form.getByLabel('Channel').fill(`base-${i}`);
      await field.focus();
      await page.keyboard.down('Control');
      for (let held = 0; held < 4; held++) await page.keyboard.down('Enter');
      await page.keyboard.up('Enter');
      await page.keyboard.up('Control');
      await rows(page, `base-${i}`).waitFor();
    }
    assert.equal(published, 2);
  });

  test('copies what is in the form as a command, which does the same', async () => {
    const app = await started({});
    const page = await opened(app);
    await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
    const form = await publishForm(page);
    await form.getByLabel('Channel').fill('base');
    await form.getByLabel('Event').fill("it's");
    await form.getByLabel('Data').fill('two\nlines');
    await form.getByRole('button', { name: 'Copy as curl' }).click();
    await form.getByText('Copied.').waitFor();
    const command = await page.evaluate(() => navigator.clipboard.readText());
    await promisify(execFile)('sh', ['-c', command]);
    const row = rows(page, 'base', "it's");
    await row.waitFor();
    assert.equal(await text(row, '.data'), 'two\nlines');
  });
});
