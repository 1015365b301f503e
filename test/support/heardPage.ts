import type { BrowserContext, Page } from 'playwright-core';
import type { Gap, PinstreamEvent, PinstreamOptions, Status } from '../../src/browser/client.ts';
import type { TestAppOptions } from './app.ts';
import { useChromium } from './chromium.ts';
import { startedApp } from './startedApp.ts';

const DEADLINE = 30_000;

export interface Listening {
  /** What `stream.on` is called with, for each handler. */
  readonly handlers?: readonly string[][];
  /** Statements that are run before the stream is made, as text. */
  readonly before?: string;
  /** More options, as the text of members: what cannot be said in JSON. */
  readonly more?: string;
  /** The page in which the stream is: one in which nothing else runs. */
  readonly path?: string;
  /** What is done to the page before it is loaded. */
  readonly prepare?: (page: Page) => Promise<unknown>;
  /** Where the page is opened: pages of one context share a stream. Without it, in one of its own. */
  readonly context?: BrowserContext;
}

/** One Chromium for the tests of the client in one file. What they start is ended after each. */
export function useClient() {
  const { browser, closing } = useChromium();

  const started = (settings: Record<string, string> = {}, options: TestAppOptions = {}) =>
    startedApp(closing, settings, options);

  async function newContext(): Promise<BrowserContext> {
    const context = await browser().newContext();
    closing.push(() => context.close());
    return context;
  }

  /** Opens a stream, `stream` by name, in a page of the server's, and hears what the page hears. */
  async function listen(
    url: string,
    options: PinstreamOptions,
    { context, ...listening }: Listening = {},
  ): Promise<HeardPage> {
    const page = await (context ?? browser()).newPage();
    closing.push(() => page.close());
    return hear(page, url, options, listening);
  }

  return { closing, started, newContext, listen };
}

async function hear(
  page: Page,
  url: string,
  options: PinstreamOptions,
  { handlers = [['*']], before = '', more = '', path = '/metrics', prepare }: Listening,
): Promise<HeardPage> {
  const heard = new HeardPage(page);
  await page.exposeFunction('heard', (kind: string, value: unknown) => heard.take(kind, value));
  page.on('console', (message) => void (message.type() === 'warning' && heard.warnings.push(message.text())));
  await prepare?.(page);
  await page.goto(url + path);
  // In text: what the test's compiler adds to a function is not known in the page.
  await page.evaluate(`import('/pinstream.js').then(({ pinstream }) => {
    const onStatus = (status) => heard('status', status);
    const onGap = (gap) => heard('gap', gap);
    globalThis.pinstream = pinstream;
    ${before};
    globalThis.stream = pinstream({ ...${JSON.stringify(options)}, onStatus, onGap, ${more} });
    for (const to of ${JSON.stringify(handlers)}) stream.on(...to, (event) => heard('event', { by: to.join(' '), ...event }));
  })`);
  return heard;
}

export class HeardPage {
  readonly page: Page;
  readonly events: (PinstreamEvent & { by: string })[] = [];
  readonly gaps: Gap[] = [];
  readonly statuses: Status[] = [];
  readonly notes: unknown[] = [];
  readonly warnings: string[] = [];
  #waiting: { met: () => boolean; done: () => void }[] = [];

  constructor(page: Page) {
    this.page = page;
  }

  get status(): Status | undefined {
    return this.statuses.at(-1);
  }

  get data(): string[] {
    return this.events.map(({ data }) => data);
  }

  take(kind: string, value: unknown): void {
    if (kind === 'event') this.events.push(value as PinstreamEvent & { by: string });
    if (kind === 'gap') this.gaps.push(value as Gap);
    if (kind === 'status') this.statuses.push(value as Status);
    if (kind === 'note') this.notes.push(value);
    for (const waiting of this.#waiting.filter(({ met }) => met())) {
      this.#waiting = this.#waiting.filter((other) => other !== waiting);
      waiting.done();
    }
  }

  until(met: () => boolean): Promise<void> {
    if (met()) return Promise.resolve();
    return new Promise((done, failed) => {
      const late = setTimeout(() => failed(new Error(`Still waiting for ${met}; ${this}`)), DEADLINE);
      this.#waiting.push({
        met,
        done() {
          clearTimeout(late);
          done();
        },
      });
    });
  }

  /** Waits for so many events, and answers the data of all that were heard: more than that is as wrong as less. */
  async heard(count: number): Promise<string[]> {
    await this.until(() => this.events.length >= count);
    return this.data;
  }

  toString(): string {
    const { statuses, events, gaps, notes } = this;
    return `the page heard ${JSON.stringify({ statuses, events, gaps, notes })}`;
  }

  live(): Promise<void> {
    return this.until(() => this.status?.state === 'live');
  }

  waits(reason?: string): Promise<void> {
    return this.until(
      () => this.status?.state === 'waiting' && this.status.reason === (reason ?? this.status.reason),
    );
  }
}
