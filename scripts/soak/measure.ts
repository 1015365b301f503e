import type { CDPSession, Page } from 'playwright-core';

/** What a page holds on to, right after its garbage was collected. */
export interface Sample {
  /** Bytes of JavaScript: the page's own, and the shared worker's that has its stream. */
  readonly heap: number;
  readonly worker: number;
  readonly nodes: number;
  readonly listeners: number;
}

/** Looks into a page, and into the worker that its tabs share. */
export class Measure {
  readonly #page: CDPSession;
  readonly #worker: WorkerSession;

  static async of(page: Page): Promise<Measure> {
    const session = await page.context().newCDPSession(page);
    await session.send('HeapProfiler.enable');
    return new Measure(session, await WorkerSession.of(page));
  }

  private constructor(page: CDPSession, worker: WorkerSession) {
    this.#page = page;
    this.#worker = worker;
  }

  async take(): Promise<Sample> {
    // What the first collection lets go of may hold what only the second one finds.
    for (let i = 0; i < 2; i++) await this.#page.send('HeapProfiler.collectGarbage');
    const { usedSize } = await this.#page.send('Runtime.getHeapUsage');
    const { nodes, jsEventListeners } = await this.#page.send('Memory.getDOMCounters');
    return { heap: usedSize, worker: await this.#worker.heap(), nodes, listeners: jsEventListeners };
  }
}

/** A SharedWorker belongs to no page: its session goes through the browser's, message by message. */
class WorkerSession {
  readonly #browser: CDPSession;
  readonly #id: string;
  readonly #waiting = new Map<number, (result: Record<string, unknown>) => void>();
  #count = 0;

  static async of(page: Page): Promise<WorkerSession> {
    const browser = await page.context().browser()?.newBrowserCDPSession();
    if (!browser) throw new Error('The page belongs to no browser that could be asked.');
    const { targetInfos } = await browser.send('Target.getTargets');
    const target = targetInfos.find(
      ({ type, url }) => type === 'shared_worker' && url.endsWith('/pinstream.js'),
    );
    // A heap of nought would be flat.
    if (!target) throw new Error('The page has no shared worker: what holds its stream cannot be measured.');
    const { sessionId } = await browser.send('Target.attachToTarget', {
      targetId: target.targetId,
      flatten: false,
    });
    return new WorkerSession(browser, sessionId);
  }

  private constructor(browser: CDPSession, id: string) {
    this.#browser = browser;
    this.#id = id;
    browser.on('Target.receivedMessageFromTarget', ({ message }) => {
      const said = JSON.parse(message) as { id?: number; result?: Record<string, unknown> };
      this.#waiting.get(said.id ?? 0)?.(said.result ?? {});
      this.#waiting.delete(said.id ?? 0);
    });
  }

  async heap(): Promise<number> {
    for (let i = 0; i < 2; i++) await this.#ask('HeapProfiler.collectGarbage');
    return Number((await this.#ask('Runtime.getHeapUsage')).usedSize);
  }

  async #ask(method: string): Promise<Record<string, unknown>> {
    const id = ++this.#count;
    const answer = new Promise<Record<string, unknown>>((done) => this.#waiting.set(id, done));
    const message = JSON.stringify({ id, method });
    await this.#browser.send('Target.sendMessageToTarget', { sessionId: this.#id, message });
    return answer;
  }
}
