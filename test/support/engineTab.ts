import type { Engine, EnginePage } from './engine.ts';

/** A wait in a page that is longer than this has failed: its deadline tells what the page did hear. */
const DEADLINE_MS = 50_000;

/** What a page notes down, and how it waits for it: by being told of each thing, not by looking again and again. */
const NOTES = `globalThis.notes = {
  events: [], gaps: [], statuses: [], waiting: new Set(),
  note(list, one) {
    this[list].push(one);
    for (const look of [...this.waiting]) look();
  },
  until(met) {
    const isMet = () => met({ ...this, status: this.statuses.at(-1) });
    if (isMet()) return Promise.resolve(true);
    return new Promise((done, failed) => {
      const late = setTimeout(() => {
        this.waiting.delete(look);
        const { events, gaps, statuses } = this;
        failed(new Error('Still waiting for ' + met + '; this page heard ' + JSON.stringify({ events, gaps, statuses })));
      }, ${DEADLINE_MS});
      const look = () => {
        if (!isMet()) return;
        clearTimeout(late);
        this.waiting.delete(look);
        done(true);
      };
      this.waiting.add(look);
    });
  },
}`;

/** How a page gets at the client: an author writes either. */
const FORMS = {
  module: `import('/pinstream.js').then(({ pinstream }) => { globalThis.start = pinstream; })`,
  classic: `new Promise((done, failed) => {
    const script = document.createElement('script');
    script.onload = () => { globalThis.start = Pinstream; done(); };
    script.onerror = () => failed(new Error('The script did not load.'));
    script.src = '/pinstream.js';
    document.head.append(script);
  })`,
};

export interface TabOptions {
  readonly channels: readonly string[];
  readonly last?: number;
  readonly share?: boolean;
  readonly form?: keyof typeof FORMS;
  /** What this browser shall be like one that lacks it. */
  readonly without?: readonly string[];
}

export interface HeardEvent {
  readonly channel: string;
  readonly name: string;
  readonly data: string;
  readonly id: string;
}

/** A tab on the app's origin with a stream in it, `stream` by name, which notes down all that it is told. */
export class EngineTab {
  readonly page: EnginePage;
  #closed: Promise<void> | undefined;

  private constructor(page: EnginePage) {
    this.page = page;
  }

  static async open(
    engine: Engine,
    url: string,
    { form = 'module', without = [], ...options }: TabOptions,
  ): Promise<EngineTab> {
    // Of the app's own pages the one in which nothing runs: streams are counted.
    const page = await engine.open(`${url}/metrics`);
    for (const name of without) await page.evaluate(`delete globalThis[${JSON.stringify(name)}]`);
    await page.evaluate(`void (${NOTES})`);
    await page.evaluate(FORMS[form]);
    await page.evaluate(`void (globalThis.stream = start({
      ...${JSON.stringify(options)},
      onEvent: (event) => notes.note('events', event),
      onGap: (gap) => notes.note('gaps', gap),
      onStatus: (status) => notes.note('statuses', status),
    }))`);
    return new EngineTab(page);
  }

  /** Waits until an expression over `events`, `gaps`, `statuses` and `status`, the present one, is true. */
  async until(condition: string): Promise<void> {
    await this.page.evaluate(`notes.until(({ events, gaps, statuses, status }) => ${condition})`);
  }

  live(): Promise<void> {
    return this.until(`status?.state === 'live'`);
  }

  /** Waits until so many events were heard, and answers all that were: more than that is as wrong as less. */
  async data(count: number): Promise<string[]> {
    await this.until(`events.length >= ${count}`);
    return (await this.events()).map(({ data }) => data);
  }

  events(): Promise<HeardEvent[]> {
    return this.page.evaluate('notes.events');
  }

  gaps(): Promise<object[]> {
    return this.page.evaluate('notes.gaps');
  }

  /** Also one that the test has closed already. */
  close(): Promise<void> {
    this.#closed ??= this.page.close();
    return this.#closed;
  }
}
