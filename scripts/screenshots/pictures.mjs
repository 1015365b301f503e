import { devices } from 'playwright-core';
import { busyHour, live, quietHour } from './hour.mjs';

const MINUTE = 60_000;
const HOUSE = { PINS: 'button=17, door=27, led=18:out' };

/** Each answers how many bytes its picture has. */
export const pictures = {
  light: (studio) => house(studio, { colorScheme: 'light' }),

  dark: (studio) => house(studio, { colorScheme: 'dark' }),

  phone: (studio) =>
    house(studio, {
      ...devices['iPhone 13'],
      viewport: { width: 390, height: 844 },
      deviceScaleFactor: 2,
      colorScheme: 'light',
    }),

  /** The server goes away under an open page. */
  async offline(studio) {
    const product = await studio.product(HOUSE);
    await live(product, quietHour());
    const page = await studio.page({ colorScheme: 'light' });
    await counted(page, 'button');
    await product.stop();
    // By then it waits for a while between two attempts.
    await page.locator('#status .countdown', { hasText: /^9 s$/ }).waitFor();
    return studio.shoot();
  },

  /** A page is away for some minutes, and more happens than the log keeps. */
  async gap(studio) {
    const product = await studio.product({ ...HOUSE, LOG_LENGTH: '6' });
    const plan = quietHour();
    await live(product, plan, 45 * MINUTE);
    const page = await studio.page({ colorScheme: 'light' }, '#channels=button,room-*');
    await live(product, plan, 53 * MINUTE);
    await page.context().setOffline(true);
    await page.getByText('Not live', { exact: true }).waitFor();
    await live(product, plan, 56 * MINUTE);
    for (let i = 0; i < 6; i++) {
      await product.pin('button', { press: 150 + 40 * (i % 5) });
      await product.pass(11_000 + 2_000 * (i % 4));
    }
    await page.context().setOffline(false);
    await page.getByText('Live', { exact: true }).waitFor();
    await page.locator('.trace .gap').first().waitFor();
    await product.pass(3_000);
    return studio.shoot();
  },

  async 'busy-hour'(studio) {
    const product = await studio.product({ PINS: 'red=17, blue=27, bell=22, lamp=18:out' });
    await live(product, busyHour());
    const page = await studio.page({ colorScheme: 'dark' }, '#span=1h');
    let count = 0;
    for (let i = 0; i < 20; i++) {
      await product.publish(
        Array.from({ length: 20 }, () => {
          count++;
          const data = { n: count, lap: 1 + Math.floor(count / 40), speed: 180 + ((count * 37) % 90) };
          return { channel: `car-${1 + (count % 6)}`, event: 'position', data };
        }),
      );
      await product.pass(100);
    }
    await product.pin('red', { press: 4_000 });
    await product.pass(200);
    await pressed(page);
    await counted(page, 'car-1, 66 events');
    return studio.shoot();
  },
};

async function house(studio, options) {
  const product = await studio.product(HOUSE);
  await live(product, quietHour());
  const page = await studio.page(options);
  if (!options.isMobile) await counted(page, 'button');
  await product.pin('button', { hold: 20_000 });
  await product.pass(600);
  await pressed(page);
  return studio.shoot();
}

/** The page asks now and then how many events channels have, and who listens: until it has heard of itself. */
function counted(page, name) {
  return page.getByRole('checkbox', { name: new RegExp(`^${name}.* 1 stream`) }).waitFor();
}

function pressed(page) {
  return page.locator('#device .pin-level', { hasText: 'pressed' }).waitFor();
}
