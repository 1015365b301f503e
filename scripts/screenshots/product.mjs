import { channel } from 'node:diagnostics_channel';
import { appConfig } from '../../dist/app/config.js';
import { startApp } from '../../dist/app/main.js';
import { createStore } from '../../dist/bus/store.js';
import { silentLog } from '../../dist/lib/log.js';
import { readSettings } from '../../dist/lib/settings.js';
import { sidecarConfig } from '../../dist/sidecar/config.js';
import { createDriver } from '../../dist/sidecar/drivers/create.js';
import { Sidecar } from '../../dist/sidecar/sidecar.js';
import { Clock } from './clock.mjs';

/** How long this script's own event loop stands still concerns no picture. */
const NO_DELAYS = { start() {}, take: () => [], stop() {} };

/** All in one process, as `npm start` has it, on a clock of its own. */
export class Product {
  static async start(settings, from) {
    const product = new Product(from);
    try {
      await product.#start(settings);
    } catch (error) {
      // What comes after must not have its time.
      await product.close();
      throw error;
    }
    return product;
  }

  #ends = [];
  /** Called before time passes, with the time that it will be then: no page may hear of what is still to come. */
  beforeTime = async () => {};
  url = '';

  constructor(from) {
    this.clock = new Clock(from);
    const { now } = Date;
    Date.now = () => Math.floor(this.clock.wall());
    // The page learns from this header what time the server has.
    const started = channel('http.server.request.start');
    const date = ({ response }) => response.setHeader('Date', new Date(Date.now()).toUTCString());
    started.subscribe(date);
    this.#ends.push(() => {
      Date.now = now;
      started.unsubscribe(date);
    });
  }

  async #start(texts) {
    const { settings, problems } = readSettings({
      PORT: '0',
      PUBLISH_OPEN: '1',
      GPIO_DRIVER: 'mock',
      ...texts,
    });
    const app = appConfig(settings);
    const { config, problems: more } = sidecarConfig(settings);
    if (problems.length + app.problems.length + more.length > 0)
      throw new Error([...problems, ...app.problems, ...more].join('\n'));
    const store = createStore(settings, silentLog);
    const running = await startApp({ config: app.config, store, adopt: [], log: silentLog });
    this.stop = async () => {
      this.stop = async () => {};
      await running.stop();
    };
    this.#ends.push(() => this.stop());
    this.url = `http://127.0.0.1:${running.port}`;
    const { clock } = this;
    const { bus, board } = store;
    const driver = createDriver(config, clock, silentLog);
    const sidecar = new Sidecar({ config, bus, board, driver, clock, log: silentLog, delays: NO_DELAYS });
    await sidecar.start();
    this.#ends.push(async () => {
      // It waits for what is due on the clock.
      const ended = sidecar.stop();
      await clock.pass(10_000);
      await ended;
    });
  }

  async pass(ms) {
    await this.beforeTime(this.clock.wall() + ms);
    await this.clock.pass(ms);
  }

  publish(events) {
    return this.#post('/events', events);
  }

  pin(name, command) {
    return this.#post(`/pins/${name}`, command);
  }

  async close() {
    for (const end of this.#ends.splice(0).reverse()) await end();
  }

  async #post(path, body) {
    const response = await fetch(this.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`);
  }
}
