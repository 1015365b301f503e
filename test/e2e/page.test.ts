import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { publish, publishForm, rows, useDashboard } from '../support/dashboard.ts';

const { started, loaded, opened } = useDashboard();

describe('the page', () => {
  test('fits a phone of 360 pixels, whatever is sent', async () => {
    const app = await started({}, { mock: true });
    const page = await opened(app, { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true });
    const unbroken = 'W'.repeat(180);
    await publish(app.url, { channel: unbroken, event: unbroken, data: unbroken.repeat(20) });
    await publish(app.url, { channel: 'json', data: JSON.stringify({ [unbroken]: [unbroken, 1, null] }) });
    await rows(page, 'json').waitFor();
    for (const more of await page.getByRole('button', { name: 'All data' }).all()) await more.tap();
    const form = await publishForm(page);
    await form.getByLabel('Channel').fill(unbroken);
    const [wide, window] = (await page.evaluate(
      '[document.documentElement.scrollWidth, innerWidth]',
    )) as number[];
    assert.equal(window, 360);
    assert.ok((wide as number) <= 360, `${wide} pixels wide`);
  });

  for (const [sight, width, height] of [
    ['a laptop', 1280, 800],
    ['a phone', 390, 844],
  ] as const) {
    test(`at the first look on ${sight}: device, timeline, and the events begin`, async () => {
      const app = await started({ PINS: 'button=17, door=27, led=18:out' }, { mock: true });
      const page = await opened(app, { viewport: { width, height } });
      await rows(page, 'device').first().waitFor();
      for (const id of ['device', 'timeline', 'channels', 'publish', 'feed']) {
        const box = await page.locator(`#${id}`).boundingBox();
        const folded = sight === 'a phone' && (id === 'channels' || id === 'publish');
        assert.equal((box?.y ?? 0) < height, !folded, id);
      }
      const row = await rows(page, 'device').first().boundingBox();
      assert.ok((row?.y ?? 0) + (row?.height ?? 0) <= height, 'the newest event is to be seen whole');
      assert.equal(await page.evaluate('scrollY'), 0);
    });
  }

  test('listens to the chosen channels alone, and always to the device and its pins', async () => {
    const app = await started({}, { mock: true });
    const page = await opened({ url: `${app.url}/#channels=base` });
    const listened = async () => {
      const answer = await fetch(`${app.url}/stats`);
      return new Set(((await answer.json()) as [string, number][]).map(([channel]) => channel));
    };
    await page.locator('.pin').waitFor();
    const press = page.getByRole('button', { name: 'Press button' });
    await press.click();
    await page.locator('.pin .presses', { hasText: '1 press' }).waitFor();
    assert.deepEqual(await listened(), new Set(['base', 'device', 'button']));
    await page.evaluate(() => {
      location.hash = '';
    });
    await rows(page, 'button', 'press').waitFor();
    await publish(app.url, { channel: 'elsewhere', data: 'heard' });
    await rows(page, 'elsewhere').waitFor();
    assert.deepEqual(await listened(), new Set(['*']));
  });

  test('asks nobody but its own host, and breaks no policy', async () => {
    const app = await started({}, { mock: true });
    const hosts = new Set<string>();
    const complaints: string[] = [];
    const page = await loaded(app.url, {}, async (page) => {
      page.on('request', (request) => hosts.add(new URL(request.url()).origin));
      page.on('console', (message) => complaints.push(message.text()));
      page.on('pageerror', (error) => complaints.push(error.message));
    });
    await page.getByRole('button', { name: 'Press button' }).click();
    await rows(page, 'button', 'click').waitFor();
    assert.deepEqual([...hosts], [app.url]);
    assert.deepEqual(complaints, []);
  });
});

describe('/test', () => {
  test('S3.1: alerts every `myevent` on the channel `test`', async () => {
    const app = await started({});
    const alerts: string[] = [];
    const page = await loaded(`${app.url}/test`, {}, async (page) => {
      page.on('dialog', (dialog) => {
        alerts.push(dialog.message());
        void dialog.accept();
      });
    });
    await page.getByText('Live', { exact: true }).waitFor();
    await page.getByText(`redis-cli publish test '["myevent", "Hello!"]'`).waitFor();
    await page.getByText(`curl ${app.url}/events`).waitFor();
    await publish(app.url, { channel: 'test', event: 'another', data: 'not this' });
    await publish(app.url, { channel: 'sse', event: 'myevent', data: 'nor this' });
    const alerted = page.waitForEvent('dialog');
    await publish(app.url, { channel: 'test', event: 'myevent', data: 'Hello!' });
    await alerted;
    assert.deepEqual(alerts, ['Hello!']);
  });
});
