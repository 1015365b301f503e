import { statSync } from 'node:fs';
import { MOMENT } from './clock.mjs';
import { Product } from './product.mjs';

const HOUR = 3_600_000;
const LAPTOP = { viewport: { width: 1280, height: 800 }, deviceScaleFactor: 1.25 };

/** The product and a page of it that have the same time, and the camera. */
export class Studio {
  #browser;
  #file;
  #product;
  #page;
  #closing = [];

  constructor(browser, file) {
    this.#browser = browser;
    this.#file = file;
  }

  /** Begins an hour before the picture. */
  async product(settings) {
    const product = await Product.start(settings, MOMENT - HOUR);
    this.#closing.push(() => product.close());
    this.#product = product;
    return product;
  }

  async page(options = {}, hash = '') {
    const context = await this.#browser.newContext({
      ...LAPTOP,
      timezoneId: 'UTC',
      locale: 'en-GB',
      ...options,
    });
    this.#closing.push(() => context.close());
    const page = await context.newPage();
    page.setDefaultTimeout(30_000);
    await page.addInitScript(standStill, Date.now());
    this.#product.beforeTime = (now) => page.evaluate((to) => globalThis.moveClock(to), now);
    // A moment after it is live the page reads from the log what lies between the newest events.
    const read = page.waitForResponse((response) => /\/events\?.*\b(since|before)=/.test(response.url()));
    await page.goto(`${this.#product.url}/${hash}`);
    await page.getByText('Live', { exact: true }).waitFor();
    await (await read).finished();
    await page.locator('.trace > li').first().waitFor();
    this.#page = page;
    return page;
  }

  async shoot() {
    await this.#page.evaluate(() => document.fonts.ready);
    await this.#drawn();
    await this.#page.screenshot({ path: this.#file, animations: 'disabled' });
    return statSync(this.#file).size;
  }

  async close() {
    if (this.#product) this.#product.beforeTime = async () => {};
    for (const close of this.#closing.splice(0).reverse()) await close();
  }

  #drawn() {
    return this.#page.evaluate(
      () => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))),
    );
  }
}

/**
 * Runs in the page, before its own scripts. The page's time is the product's, and its dice always fall the same way; the worker
 * that the tabs share would have a time of its own, so the page does without, as in a browser that has none.
 */
function standStill(start) {
  let now = start;
  const Real = Date;
  globalThis.Date = class extends Real {
    constructor(...given) {
      super(...(given.length > 0 ? given : [now]));
    }
    static now() {
      return now;
    }
  };
  globalThis.moveClock = (to) => {
    now = to;
  };
  Math.random = () => 0.5;
  delete globalThis.SharedWorker;
}
