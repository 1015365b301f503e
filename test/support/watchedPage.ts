import { setTimeout as pause } from 'node:timers/promises';
import type { Browser, Page } from 'playwright-core';
import { type Findings, type Goal, inStream, isPress, isPublished } from './audience.ts';
import type { KeptEvent } from './kept.ts';
import { type Entry, type Expected, Ledger } from './ledger.ts';

const LOOK_MS = 50;

/** What the page has noted down since it was last asked. */
interface Noted {
  readonly rows: Entry[];
  readonly events: Entry[];
  readonly gaps: number;
  readonly dead: boolean;
}

/**
 * Our page in a real Chromium, and in the same tab the browser's own EventSource, used as somebody would who knows nothing of us.
 * Both are judged as the audience is: the page by the rows that it shows.
 */
export class WatchedPage {
  readonly page: Page;
  readonly #channel: string;
  readonly #rows = new Ledger();
  readonly #events = new Ledger();
  #gaps = 0;
  #dead = false;

  private constructor(page: Page, channel: string) {
    this.page = page;
    this.#channel = channel;
  }

  static async open(browser: Browser, url: string, channel: string): Promise<WatchedPage> {
    const page = await browser.newPage();
    await page.goto(url);
    await page
      .getByText('Live', { exact: true })
      .waitFor()
      .catch(async () => {
        throw new Error(`The page says: ${await page.locator('#status').innerText()}`);
      });
    const watched = new WatchedPage(page, channel);
    await watched.#watch(`${url}/stream?channel=${channel}&channel=button`);
    return watched;
  }

  /** When the page, and the EventSource beside it, were live again. */
  async liveAgain({ number, pressedAfter }: Goal, ms: number): Promise<readonly (number | null)[]> {
    const after = pressedAfter ?? Number.POSITIVE_INFINITY;
    const times = () => {
      const row = this.#rows.first(({ text }) => isPublished(text, number));
      const rowOfPress = this.#rows.first(({ text, time }) => time > after && text.startsWith('press '));
      const event = this.#events.first(({ text }) => isPublished(text, number));
      const press = this.#events.first(({ text }) => isPress(text, after));
      return pressedAfter === undefined
        ? [row?.time ?? null, event?.time ?? null]
        : [later(row, rowOfPress), later(event, press)];
    };
    await this.#until(() => times().every((time, i) => time !== null || (i === 1 && this.#dead)), ms);
    return times();
  }

  async judge(events: readonly KeptEvent[], ms: number): Promise<readonly Findings[]> {
    const shown = inRows(events, this.#channel);
    const named = inStream(events);
    const has = (ledger: Ledger, expected: Expected) =>
      expected.at(-1) === undefined || ledger.has(expected.at(-1)?.[0] as string);
    await this.#until(() => has(this.#rows, shown) && (this.#dead || has(this.#events, named)), ms);
    const gaps = this.#gaps;
    this.#gaps = 0;
    return [
      { ...this.#rows.judge(shown), gaps, dead: [] },
      {
        ...this.#events.judge(named),
        gaps: 0,
        dead: this.#dead ? ['The EventSource of Chromium gave up.'] : [],
      },
    ];
  }

  close(): Promise<void> {
    return this.page.close();
  }

  async #until(met: () => boolean, ms: number): Promise<void> {
    const deadline = performance.now() + ms;
    for (;;) {
      await this.#read();
      if (met() || performance.now() > deadline) return;
      await pause(LOOK_MS);
    }
  }

  async #read(): Promise<void> {
    const { rows, events, gaps, dead } = await this.page.evaluate(() => {
      const { noted } = globalThis as unknown as { noted: Noted };
      const { gaps, dead } = noted;
      (noted as { gaps: number }).gaps = 0;
      return { rows: noted.rows.splice(0), events: noted.events.splice(0), gaps, dead };
    });
    for (const row of rows) this.#rows.add(row);
    for (const event of events) this.#events.add(event);
    this.#gaps += gaps;
    this.#dead ||= dead;
  }

  #watch(address: string): Promise<void> {
    return this.page.evaluate(
      ({ address, channel }) => {
        const noted = { rows: [] as object[], events: [] as object[], gaps: 0, dead: false };
        Object.assign(globalThis, { noted });
        const source = new EventSource(address);
        for (const name of ['message', 'press', 'release', 'click', 'double-click', 'long-press']) {
          source.addEventListener(name, ({ type, data, lastEventId }) => {
            noted.events.push({ key: lastEventId, text: `${type} ${data}`, time: Date.now() });
          });
        }
        source.addEventListener('error', () => {
          noted.dead = source.readyState === source.CLOSED;
        });
        // What is filled in from the log, of before, is not for this ledger.
        const begun = Date.now();
        const known = new WeakSet<Element>();
        const list = document.querySelector('[data-part=rows]') as Element;
        new MutationObserver(() => {
          // Newest first on the page, and noted as it was heard.
          for (const row of [...list.children].reverse()) {
            if (known.has(row)) continue;
            known.add(row);
            const of = row.querySelector('.channel')?.textContent;
            const name = row.querySelector('.name')?.textContent;
            const key = row.querySelector('.data')?.textContent;
            if (row.className.includes('gap')) noted.gaps++;
            else if (!(Date.parse(row.querySelector('time')?.dateTime ?? '') >= begun)) continue;
            else if (of === channel || (of === 'button' && name === 'press'))
              noted.rows.push({ key, text: `${name} ${key}`, time: Date.now() });
          }
        }).observe(list, { childList: true });
        return new Promise<void>((done) => {
          source.addEventListener('open', () => done(), { once: true });
        });
      },
      { address, channel: this.#channel },
    );
  }
}

/** Of the button the page's rows of presses are looked at, which carry their sentence. */
function inRows(events: readonly KeptEvent[], ofChannel: string): Expected {
  return events
    .filter(({ channel, event }) => channel === ofChannel || event === 'press')
    .map(({ channel, event, data }) => {
      // The page shows the time of a press beside it.
      const key = channel === ofChannel ? data : (JSON.parse(data).text.split(' @ ')[0] as string);
      return [key, `${event} ${key}`];
    });
}

function later(one: Entry | undefined, other: Entry | undefined): number | null {
  return one && other ? Math.max(one.time, other.time) : null;
}
