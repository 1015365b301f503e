import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Locator, Page } from 'playwright-core';
import type { Store } from '../../src/bus/store.ts';
import { silentLog } from '../../src/lib/log.ts';
import { readSettings } from '../../src/lib/settings.ts';
import { SystemClock } from '../../src/sidecar/clock.ts';
import { sidecarConfig } from '../../src/sidecar/config.ts';
import { LineProblem } from '../../src/sidecar/drivers/driver.ts';
import { Sidecar } from '../../src/sidecar/sidecar.ts';
import { postJson, rows, tabTo, text, useDashboard, WITH_LED } from '../support/dashboard.ts';
import { FakeDriver } from '../support/fakeDriver.ts';

const { closing, started, opened } = useDashboard();

/** Each way in which a finger can be gone without a word from the button itself. */
const LEAVINGS: readonly [string, (page: Page) => Promise<unknown>][] = [
  ['the window is no longer in front', (page) => page.evaluate(() => dispatchEvent(new Event('blur')))],
  [
    'the page is hidden',
    (page) =>
      page.evaluate(() => {
        Object.defineProperty(document, 'hidden', { value: true });
        document.dispatchEvent(new Event('visibilitychange'));
      }),
  ],
  ['the page is left', (page) => page.evaluate(() => dispatchEvent(new Event('pagehide')))],
];

describe('the device on the page', () => {
  test('of many pins the first ones are shown, and all when somebody wants to see them', async () => {
    const PINS = Array.from({ length: 26 }, (_, i) => `pin${i}=${i + 2}`).join(', ');
    const page = await opened(await started({ PINS }, { mock: true }));
    const shown = page.locator('.pin:visible');
    await page.getByRole('button', { name: 'Show all 26 pins' }).click();
    assert.equal(await shown.count(), 26);
    await page.getByRole('button', { name: 'Show fewer pins' }).click();
    assert.equal(await shown.count(), 5);
  });

  test('shows a press made with its own button, without a reload', async () => {
    const page = await opened(await started({}, { mock: true }));
    const pin = page.locator('.pin', { hasText: 'button' });
    await pin.getByText('released').waitFor();
    await page.getByText('online, mock', { exact: true }).waitFor();
    await settled(page);
    // Each level that is shown from here on.
    await pin.evaluate((element) => {
      const levels: string[] = [];
      Object.assign(window, { levels });
      new MutationObserver(() => levels.push(element.textContent ?? '')).observe(element, {
        subtree: true,
        childList: true,
        characterData: true,
      });
    });
    await page.getByRole('button', { name: 'Press button' }).click();

    const press = rows(page, 'button', 'press');
    await press.waitFor();
    assert.match(await text(press, '.data'), /^Button press #1/);
    await rows(page, 'button', 'click').waitFor();
    await rows(page, 'sse', 'message').getByText('Button press #1 @ ').waitFor();
    await pin.getByText('released').waitFor();
    const levels = (await page.evaluate('levels')) as string[];
    assert.ok(
      levels.some((level) => level.includes('pressed')),
      String(levels),
    );
    // The whole data of the event is there for who wants it.
    await press.getByRole('button', { name: 'All data' }).click();
    assert.equal(JSON.parse(await text(press, '.data')).press, 1);
  });

  test('can be pressed with the keyboard alone', async () => {
    const page = await opened(await started({}, { mock: true }));
    const button = page.getByRole('button', { name: 'Press button' });
    await button.waitFor();
    await tabTo(page, button);
    await page.keyboard.press('Enter');
    await rows(page, 'button', 'press').waitFor();
  });

  test('switches an output, and every other page sees it', async () => {
    const app = await started(WITH_LED, { mock: true });
    const [here, there] = [await opened(app), await opened(app)];
    await ledOf(here).switch.click();
    for (const page of [here, there]) {
      const led = ledOf(page);
      await led.row.getByText('on', { exact: true }).waitFor();
      assert.equal(await led.switch.getAttribute('aria-checked'), 'true');
    }
    await ledOf(there).switch.click();
    await ledOf(here).row.getByText('off', { exact: true }).waitFor();
    // Its own request may be answered later than the stream tells.
    await here.getByRole('switch', { name: 'led', checked: false }).waitFor();
    // An input has no switch, and an output no button.
    assert.equal(await here.getByRole('switch').count(), 1);
    assert.equal(await here.getByRole('button', { name: 'Press led' }).count(), 0);
  });

  test('says that an output blinks, and switches it off with the keyboard alone', async () => {
    const app = await started(WITH_LED, { mock: true });
    const page = await opened(app);
    const led = ledOf(page);
    await led.switch.waitFor();
    assert.equal((await command(app.url, { blink: 500 })).status, 200);
    await led.row.getByText('blinks', { exact: true }).waitFor();
    assert.equal(await led.switch.getAttribute('aria-checked'), 'true');
    await tabTo(page, led.switch);
    await page.keyboard.press('Space');
    await led.row.getByText('off', { exact: true }).waitFor();
    assert.equal(await led.switch.getAttribute('aria-checked'), 'false');
    await page.keyboard.press('Enter');
    await led.row.getByText('on', { exact: true }).waitFor();
  });

  test('the switch goes back when the output does not obey, and the page says why', async () => {
    const app = await started({});
    const { driver } = await sidecarOn(app);
    const page = await opened(app);
    const led = ledOf(page);
    await led.row.getByText('off', { exact: true }).waitFor();
    driver.line.stuck = 0;
    const { release } = driver.line.holdWrites();
    await led.switch.click();
    assert.equal(await led.switch.getAttribute('aria-checked'), 'true', 'it moves at once');
    driver.opened[0]?.move(0, performance.now());
    await page.getByText('pressed', { exact: true }).waitFor();
    assert.equal(await led.switch.getAttribute('aria-checked'), 'true', 'what else happens does not move it');
    release();
    await page.getByText('led (GPIO 18) was set to 1 and reads 0: something else drives the line').waitFor();
    assert.equal(await led.switch.getAttribute('aria-checked'), 'false');
    driver.line.stuck = undefined;
    await led.switch.click();
    await led.row.getByText('on', { exact: true }).waitFor();
    await page.locator('#device .said:empty').waitFor({ state: 'attached' });
  });

  test('whoever switches to and fro faster than the device can follow gets the last position', async () => {
    const app = await started({});
    const { driver } = await sidecarOn(app);
    const page = await opened(app);
    const led = ledOf(page);
    await led.row.getByText('off', { exact: true }).waitFor();
    const { reached, release } = driver.line.holdWrites();
    await led.switch.click();
    await reached;
    for (let i = 0; i < 3; i++) await led.switch.click();
    release();
    const last = rows(page, 'device').first().locator('.data');
    await last.getByText('led off', { exact: true }).waitFor();
    assert.deepEqual(driver.line.written, [1, 0]);
    await led.row.getByText('off', { exact: true }).waitFor();
    assert.equal(await led.switch.getAttribute('aria-checked'), 'false');
  });

  test('the switch does not go on claiming what the device never says', async () => {
    const app = await started(WITH_LED, { mock: true });
    const page = await opened(app);
    const led = ledOf(page);
    // What the device said before has come, and it says nothing from here on.
    await rows(page, 'device').first().waitFor();
    await page.route('**/pins/led', (route) => route.fulfill({ json: {} }));
    await led.switch.click();
    assert.equal(await led.switch.getAttribute('aria-checked'), 'true');
    await page.getByRole('switch', { name: 'led', checked: false }).waitFor();
  });

  test('a switch that can do nothing says why: its pin fails, or the sidecar is gone', async () => {
    const app = await started({});
    const { driver, sidecar } = await sidecarOn(app);
    const page = await opened(app);
    const led = ledOf(page);
    await led.switch.click();
    await led.row.getByText('on', { exact: true }).waitFor();
    driver.problem = new LineProblem('GPIO 18 is gone.');
    driver.line.fail('GPIO 18 is gone.');
    await led.row.getByText('failing', { exact: true }).waitFor();
    assert.deepEqual(await reasonOf(led.switch), ['true', 'GPIO 18 is gone.']);
    let asked = 0;
    page.on('request', (request) => {
      if (request.method() === 'POST') asked++;
    });
    await led.switch.focus();
    await page.keyboard.press('Space');
    await led.switch.click({ force: true });
    await sidecar.stop();
    await led.row.getByText('unknown', { exact: true }).waitFor();
    assert.equal(asked, 0);
    const [disabled, reason = ''] = await reasonOf(led.switch);
    assert.equal(disabled, 'true');
    assert.match(reason, /^The sidecar is offline .*nothing is switched until it runs again\. Start it: /);
  });

  test('a button is down for as long as a finger is, however long that be', async () => {
    const app = await started({}, { mock: true });
    const page = await opened(app);
    const button = page.getByRole('button', { name: 'Press button' });
    let asked = 0;
    page.on('request', (request) => {
      if (request.url().endsWith('/pins/button')) asked++;
    });
    await button.hover();
    await page.mouse.down();
    // By then the first of them would have run out.
    while (asked < 5) await page.waitForRequest('**/pins/button');
    await rows(page, 'button', 'long-press').waitFor();
    assert.equal(await button.getAttribute('aria-pressed'), 'true');
    assert.equal(await rows(page, 'button', 'release').count(), 0);
    // The finger may slide off it meanwhile.
    await page.mouse.move(5, 5);
    await page.mouse.up();
    await rows(page, 'button', 'release').waitFor();
    assert.equal(await button.getAttribute('aria-pressed'), 'false');
    assert.equal(await rows(page, 'button', 'press').count(), 1);
    assert.match(await text(page.locator('.pin', { hasText: 'button' }), '.presses'), /^1 press$/);
    assert.match(await text(page.locator('.pin', { hasText: 'button' }), '.since'), /^since \d\d:\d\d:\d\d$/);
  });

  test('a key holds it too, and whoever presses without either, taps it', async () => {
    const page = await opened(await started({}, { mock: true }));
    const button = page.getByRole('button', { name: 'Press button' });
    await button.focus();
    await page.keyboard.down('Space');
    await rows(page, 'button', 'long-press').waitFor();
    assert.equal(await rows(page, 'button', 'release').count(), 0);
    await page.keyboard.up('Space');
    await rows(page, 'button', 'release').waitFor();
    await button.evaluate((element: HTMLElement) => element.click());
    await rows(page, 'button', 'release').nth(1).waitFor();
    assert.equal(await rows(page, 'button', 'press').count(), 2);
  });

  test('letting go never overtakes the press, and each of two quick taps is one', async () => {
    const page = await opened(await started({}, { mock: true }));
    const sent: unknown[] = [];
    page.on('request', (request) => {
      if (request.url().endsWith('/pins/button')) sent.push(request.postDataJSON());
    });
    let take = () => {};
    const taken = new Promise<void>((resolve) => {
      take = resolve;
    });
    await page.route('**/pins/button', async (route) => {
      await taken;
      await route.fulfill({ json: {} });
    });
    const button = page.getByRole('button', { name: 'Press button' });
    await button.click();
    await button.click();
    // What the page has asked for until now comes before this.
    await page.evaluate(() => fetch('/healthz').then(() => {}));
    assert.deepEqual(sent, [{ hold: 1500 }]);
    take();
    while (sent.length < 4) await page.waitForResponse('**/pins/button');
    assert.deepEqual(sent, [{ hold: 1500 }, { hold: 0 }, { hold: 1500 }, { hold: 0 }]);
  });

  for (const [how, leave] of LEAVINGS) {
    test(`lets go of the button when ${how}`, async () => {
      const page = await opened(await started({}, { mock: true }));
      await page.route('**/pins/button', (route) => route.fulfill({ json: {} }));
      await page.getByRole('button', { name: 'Press button' }).hover();
      await page.mouse.down();
      await page.waitForResponse('**/pins/button');
      // Prolonged once, so that no request is under way.
      await page.waitForResponse('**/pins/button');
      await Promise.all([page.waitForRequest((request) => request.postData() === '{"hold":0}'), leave(page)]);
      assert.equal(
        await page.getByRole('button', { name: 'Press button' }).getAttribute('aria-pressed'),
        'false',
      );
      await page.mouse.up();
    });
  }

  test('a button that the device does not press comes up again, and the page says why', async () => {
    const page = await opened(await started({}, { mock: true }));
    await page.route('**/pins/button', (route) =>
      route.fulfill({ status: 503, json: { error: 'No sidecar is running.' } }),
    );
    const button = page.getByRole('button', { name: 'Press button' });
    await button.hover();
    await page.mouse.down();
    await page.locator('#device .said').getByText('No sidecar is running.').waitFor();
    assert.equal(await button.getAttribute('aria-pressed'), 'false');
    await page.mouse.up();
  });

  test('a press is seen on the pin’s own word, and also when it is over before the screen was drawn', async () => {
    const app = await started({}, { mock: true });
    const page = await opened(app);
    const pin = page.locator('.pin', { hasText: 'button' });
    await pin.getByText('released').waitFor();
    await settled(page);
    await pin.evaluate((element: HTMLElement) => {
      const levels: unknown[] = [];
      Object.assign(window, { levels });
      let last = element.dataset.level;
      // A level is also written that is what it was.
      new MutationObserver(() => {
        const { level } = element.dataset;
        if (level !== last) levels.push(level);
        last = level;
      }).observe(element, { attributeFilter: ['data-level'] });
    });
    const gesture = (name: string) =>
      app.store.bus.append(
        {
          channel: 'button',
          name,
          data: JSON.stringify({ pin: 'button', gpio: 17, press: 7 }),
          at: Date.now(),
        },
        { hardware: true },
      );
    await Promise.all([gesture('press'), gesture('release')]);
    await pin.getByText('7 presses').waitFor();
    await pin.getByText('released').waitFor();
    assert.deepEqual((await page.evaluate('levels')) as unknown[], ['pressed', 'released']);
    await gesture('press');
    await pin.getByText('pressed', { exact: true }).waitFor();
    await gesture('release');
    await pin.getByText('released', { exact: true }).waitFor();
  });
});

/** What comes in the first second is what was, and no lamp flashes for it. */
function settled(page: Page): Promise<unknown> {
  return page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 1_100)));
}

function ledOf(page: Page) {
  return {
    row: page.locator('.pin', { hasText: 'led' }),
    switch: page.getByRole('switch', { name: 'led', exact: true }),
  };
}

/** Whether a control is disabled, and the text that it names as its reason. */
function reasonOf(control: Locator): Promise<string[]> {
  return control.evaluate((element) => {
    const reason = document.getElementById(element.getAttribute('aria-describedby') ?? '');
    return [element.ariaDisabled ?? '', reason?.textContent ?? ''];
  });
}

function command(url: string, members: object): Promise<Response> {
  return postJson(`${url}/pins/led`, members);
}

/** A sidecar on the app's store, with lines that a test moves by hand. */
async function sidecarOn({ store }: { store: Store }) {
  const { config, problems } = sidecarConfig(readSettings(WITH_LED).settings);
  assert.deepEqual(problems, []);
  const driver = new FakeDriver();
  const parts = { ...store, config, driver, clock: new SystemClock(), log: silentLog };
  const sidecar = new Sidecar(parts);
  await sidecar.start();
  closing.push(() => sidecar.stop());
  return { driver, sidecar };
}
