import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Page } from 'playwright-core';
import { choices, publish, publishMany, rows, search, useDashboard } from '../support/dashboard.ts';

const { started, opened, loaded } = useDashboard();

describe('choosing channels', () => {
  test('shows only these, at once, and those that a pattern means', async () => {
    const app = await started({});
    for (const channel of ['room-1', 'room-2', 'door']) await publish(app.url, { channel, data: channel });
    const page = await opened(app);
    await rows(page, 'door').waitFor();
    const find = page.getByRole('searchbox', { name: 'Find a channel' });
    await find.fill('room-*');
    await choices(page).getByRole('checkbox').nth(1).waitFor();
    assert.equal(await choices(page).getByRole('checkbox').count(), 2);
    await page.keyboard.press('Enter');
    assert.deepEqual(await channelsOf(page), ['room-2', 'room-1']);
    await publish(app.url, { channel: 'door', data: 'hidden' });
    await publish(app.url, { channel: 'room-3', data: 'shown' });
    await rows(page, 'room-3').waitFor();
    assert.deepEqual(await channelsOf(page), ['room-3', 'room-2', 'room-1']);

    await choices(page)
      .getByRole('checkbox', { name: /^door,/ })
      .check();
    // What was published meanwhile is there too, from the log or from memory.
    await page.getByText('hidden', { exact: true }).waitFor();
    assert.deepEqual(await channelsOf(page), ['room-3', 'door', 'door', 'room-2', 'room-1']);
    await page.getByRole('button', { name: 'No longer only room-*' }).click();
    await page.getByRole('button', { name: 'No longer only door' }).waitFor();
    assert.deepEqual(await channelsOf(page), ['door', 'door']);
    await page.goBack();
    await page.getByRole('button', { name: 'No longer only room-*' }).waitFor();
    assert.deepEqual(await channelsOf(page), ['room-3', 'door', 'door', 'room-2', 'room-1']);
    await page.goForward();
    await page.getByRole('button', { name: 'No longer only room-*' }).waitFor({ state: 'detached' });
    assert.deepEqual(await channelsOf(page), ['door', 'door']);
  });

  test('says how many events each has and who listens, also by pattern', async () => {
    const app = await started({});
    await publishMany(app.url, 12, () => ({ channel: 'room-1', data: '' }));
    const listeners = [1, 2, 3].map(() => fetch(`${app.url}/stream?channel=room-*`));
    const streams = await Promise.all(listeners);
    const page = await opened(app);
    const pattern = choices(page).getByRole('checkbox', { name: /^room-\*/ });
    await pattern.and(page.getByRole('checkbox', { name: '3 streams listen' })).waitFor();
    await choices(page)
      .getByRole('checkbox', { name: /^room-1, 12 events, 4 streams listen$/ })
      .waitFor();
    await publish(app.url, { channel: 'never heard of', data: '' });
    await choices(page)
      .getByRole('checkbox', { name: /^never heard of, 1 event,/ })
      .waitFor();
    for (const stream of streams) await stream.body?.cancel();
  });

  test('asks nothing while the list is folded away', async () => {
    const app = await started({});
    const page = await opened(app);
    const asked: string[] = [];
    await page.locator('#channels > summary').click();
    await publish(app.url, { channel: 'first', data: '' });
    await rows(page, 'first').waitFor();
    page.on('request', (request) => asked.push(new URL(request.url()).pathname));
    await publish(app.url, { channel: 'second', data: '' });
    await rows(page, 'second').waitFor();
    assert.ok(!asked.includes('/channels'), String(asked));
    await page.locator('#channels > summary').click();
    await choices(page)
      .getByRole('checkbox', { name: /^second,/ })
      .waitFor();
  });

  test('of ten thousand channels draws the first that match', async () => {
    const app = await started({});
    const page = await loaded(app.url, {}, (page) =>
      page.route('**/channels?*', (route) =>
        route.fulfill({
          json: {
            channels: Array.from({ length: 10_000 }, (_, i) => ({
              channel: `c${i}`,
              streams: 0,
              length: 1,
              last: null,
            })),
            next: null,
          },
        }),
      ),
    );
    await page.getByText(/^10,00\d match; the first 200 are shown\.$/).waitFor();
    assert.equal(await choices(page).getByRole('checkbox').count(), 200);
    await page.getByRole('searchbox', { name: 'Find a channel' }).fill('c9999');
    assert.equal(await choices(page).getByRole('checkbox').count(), 1);
  });

  test('says why a choice cannot be made', async () => {
    const page = await opened(await started({}));
    const find = page.getByRole('searchbox', { name: 'Find a channel' });
    await find.fill('a*b*c*d*e*');
    await page.getByRole('button', { name: 'Add pattern' }).click();
    await page.getByText('A pattern has at most 4 "*".').waitFor();
    assert.equal(new URL(page.url()).hash, '');
  });
});

describe('searching', () => {
  test('marks what it finds, says how much that is, and stays in the link', async () => {
    const app = await started({});
    await publish(app.url, { channel: 'kitchen', event: 'said', data: 'nothing' });
    await publish(app.url, { channel: 'base', data: '{"room":"the KITCHEN","a":1}' });
    await publish(app.url, {
      channel: 'base',
      data: `${'x'.repeat(3_000)} in the kitchen ${'y'.repeat(3_000)}`,
    });
    await publish(app.url, { channel: 'base', data: 'elsewhere' });
    const page = await opened(app);
    await rows(page, 'kitchen').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('kitchen');
    await page.getByText('3 of 4', { exact: true }).waitFor();
    assert.deepEqual(await page.locator('mark').allTextContents(), ['kitchen', 'KITCHEN', 'kitchen']);
    // Where it stands in what is not shown, its surroundings are told.
    assert.match((await page.locator('.excerpt').textContent()) ?? '', /^…x+ in the kitchen y+…$/);
    await publish(app.url, { channel: 'base', data: 'back in the kitchen' });
    await page.getByText('4 of 5', { exact: true }).waitFor();
    await page.waitForURL('**/#search=kitchen');
    await page.reload();
    await page.getByText('4 of 5', { exact: true }).waitFor();

    await search(page, 'nowhere');
    await page.getByText('None of the last 5 events has “nowhere” in its data, name or channel.').waitFor();
    await page.getByRole('button', { name: 'Clear the search' }).click();
    assert.equal(await page.locator('.event').count(), 5);
  });

  test('an address that says nothing is no error', async () => {
    const app = await started({});
    await publish(app.url, { channel: 'base', data: 'Hello!' });
    const page = await opened({ url: `${app.url}/#channels=%E0%A4%A&search=%&=&span=<b>` });
    await rows(page, 'base').waitFor();
  });

  test('finds in the log what the page never knew', async () => {
    const app = await started({ LOG_LENGTH: '5000' });
    await publish(app.url, { channel: 'base', data: 'the needle' });
    for (let i = 0; i < 3; i++)
      await publishMany(app.url, 100, (n) => ({ channel: 'base', data: `hay ${n}` }));
    const page = await opened(app);
    await rows(page, 'base').first().waitFor();
    await search(page, 'needle');
    await page.getByText(/^None of the last 50 events/).waitFor();
    await page.getByRole('button', { name: 'Search the log' }).click();
    await page.getByText('the needle', { exact: true }).waitFor();
    await page.getByText('The log keeps nothing older.').waitFor();
  });
});

function channelsOf(page: Page): Promise<string[]> {
  return page.locator('.event .channel').allTextContents();
}
