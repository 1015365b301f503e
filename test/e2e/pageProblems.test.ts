import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { problem, publishForm, useDashboard } from '../support/dashboard.ts';
import { startFaultyProxy } from '../support/faultyProxy.ts';
import { TestRedis } from '../support/redis.ts';

const { closing, started, opened, loaded } = useDashboard();

describe('what is wrong, on the page', () => {
  test('nothing is said when nothing is wrong', async () => {
    const page = await opened(await started({}, { mock: true }));
    await page.getByText('online, mock', { exact: true }).waitFor();
    assert.equal(await page.locator('#problems li').count(), 0);
    assert.equal(await page.title(), 'Pinstream');
  });

  test('the server is gone: the top of the page and its tab say so, then what to do', async () => {
    const app = await started({});
    const page = await opened(app);
    await app.stop();
    await page.getByText('Not live', { exact: true }).waitFor();
    await page.getByText('Trying again by itself.').waitFor();
    assert.equal(await page.title(), '○ Not live – Pinstream');
    assert.match((await page.locator('link[rel=icon]').getAttribute('href')) ?? '', /icon-away\.svg$/);
    await problem(page, 'The server does not answer').waitFor();
    // The seconds that are left are to be seen, and no screen reader speaks each of them.
    const countdown = page.locator('#status .countdown');
    await countdown.getByText(/^\d+ s$/).waitFor();
    assert.equal(await countdown.getAttribute('aria-hidden'), 'true');
    assert.equal(await page.locator('#status [role=status] .countdown').count(), 0);
    await started({ PORT: String(app.port) });
    await page.getByText('Live', { exact: true }).waitFor();
    await problem(page, 'The server does not answer').waitFor({ state: 'detached' });
    assert.equal(await page.title(), 'Pinstream');
  });

  test('Redis is away: said while the stream is still open, and taken back', async () => {
    const redis = await TestRedis.start();
    closing.push(() => redis.stop());
    const app = await started({ REDIS_URL: redis.url });
    const page = await opened(app);
    await redis.kill();
    const form = await publishForm(page);
    await form.getByLabel('Channel').fill('base');
    await form.getByRole('button', { name: 'Publish' }).click();
    await problem(page, 'Redis is away').waitFor();
    await problem(page, 'presses wait in the sidecar').waitFor();
    await page.getByText('Redis is away. Trying again by itself.').waitFor();
    assert.equal(await page.title(), '○ Not live – Pinstream');
    await redis.up();
    await problem(page, 'Redis is away').waitFor({ state: 'detached' });
    await page.getByText('Live', { exact: true }).waitFor();
  });

  test('the store is full: said until something can be published again', async () => {
    const app = await started({});
    const page = await opened(app);
    const form = await publishForm(page);
    await form.getByLabel('Channel').fill('base');
    await page.route('**/events', (route) =>
      route.fulfill({ status: 507, json: { error: 'The store is full.' } }),
    );
    await form.getByRole('button', { name: 'Publish' }).click();
    await problem(page, 'Raise STORE_BYTES').waitFor();
    await page.unroute('**/events');
    await form.getByRole('button', { name: 'Publish' }).click();
    await problem(page, 'Raise STORE_BYTES').waitFor({ state: 'detached' });
  });

  test('a sidecar that is offline, pins that fail', async () => {
    const app = await started({});
    const page = await opened(app);
    await page.getByText('No sidecar has reported yet.').waitFor();
    const tell = (state: object) =>
      app.store.bus.append(
        { channel: 'device', name: 'state', data: JSON.stringify(state), at: Date.now() },
        { hardware: true },
      );
    await tell({
      state: 'degraded',
      driver: 'onoff',
      pins: [PIN, { ...LED, level: null, problem: LED_GONE }],
    });
    await problem(page, `led is failing ${LED_GONE}`).waitFor();
    const gone = [PIN, LED].map((pin) => ({ ...pin, level: null, problem: `${pin.name} is gone.` }));
    await tell({ state: 'degraded', driver: 'onoff', pins: gone });
    await problem(page, '2 pins are failing button, led: each says below').waitFor();
    // What is the same for all is said once.
    const denied = [PIN, LED].map((pin) => ({
      ...pin,
      level: null,
      problem: `${pin.name} (GPIO ${pin.gpio}) cannot be opened: run it as root.`,
    }));
    await tell({ state: 'degraded', driver: 'onoff', pins: denied });
    await problem(page, '2 pins are failing button, led: cannot be opened: run it as root.').waitFor();
    assert.equal(await page.getByText('cannot be opened').count(), 1);
    assert.equal(
      await page.getByRole('switch', { name: 'led' }).getAttribute('aria-describedby'),
      'problem-pins',
    );
    await tell({ state: 'offline', driver: 'onoff', pins: [PIN, LED] });
    await problem(page, 'The sidecar is offline').waitFor();
    assert.equal(await page.locator('#problems li').count(), 1);
    await tell({ state: 'online', driver: 'onoff', pins: [PIN, LED] });
    await page.locator('#problems li').waitFor({ state: 'detached' });
  });

  test('what was missed and dropped can be put away, and is back when it is more', async () => {
    const app = await started({});
    const page = await opened(app);
    const tell = (missed: number) =>
      app.store.bus.append(
        {
          channel: 'device',
          name: 'state',
          data: JSON.stringify({ state: 'online', driver: 'onoff', pins: [{ ...PIN, missed }], dropped: 1 }),
          at: Date.now(),
        },
        { hardware: true },
      );
    await tell(3);
    await problem(page, '1 event was dropped').waitFor();
    await problem(page, '3 edges of button were missed').getByRole('button', { name: 'Put away' }).click();
    await problem(page, '3 edges of button').waitFor({ state: 'detached' });
    await problem(page, '1 event was dropped').waitFor();
    await tell(4);
    await problem(page, '4 edges of button were missed').waitFor();
  });

  test('a proxy that holds the stream back: live all the same, and why it is slower', async () => {
    const app = await started({});
    // Nothing of a stream ever comes through.
    const proxy = await startFaultyProxy(app.port, '', { piece: () => {} });
    closing.push(() => proxy.stop());
    const page = await loaded(proxy.url);
    await page.getByText('Live by polling', { exact: true }).waitFor();
    await problem(page, 'proxy_buffering off').waitFor();
    assert.equal(await page.title(), 'Pinstream');
  });
});

const PIN = { name: 'button', gpio: 17, direction: 'in', level: 0 };
const LED = { name: 'led', gpio: 18, direction: 'out', level: 0 };
const LED_GONE = 'GPIO 18 is in use by another program: end that one.';
