import type { BrowserContext, Page } from 'playwright-core';
import { enginePage } from './engineChromium.ts';
import { isStream } from './engineServer.ts';
import { EngineTab, type TabOptions } from './engineTab.ts';
import { type Faults, type FaultyProxy, startFaultyProxy } from './faultyProxy.ts';
import { useClient } from './heardPage.ts';

/** A tab of a browser context, with a stream in it. */
export interface Tab extends EngineTab {
  readonly playwright: Page;
  readonly warnings: string[];
}

/** Opens a tab in a context: what tabs of a browser share, those of one context share. */
export async function openTab(context: BrowserContext, url: string, options: TabOptions): Promise<Tab> {
  let playwright: Page | undefined;
  const warnings: string[] = [];
  const engine = {
    async open(address: string) {
      const page = await context.newPage();
      playwright = page;
      page.on('console', (message) => void (message.type() === 'warning' && warnings.push(message.text())));
      await page.goto(address);
      return enginePage(page);
    },
    close: () => context.close(),
  };
  const tab = await EngineTab.open(engine, url, options);
  return Object.assign(tab, { playwright: playwright as Page, warnings });
}

/** For the tests of one file: an app behind a proxy that counts its streams, and a context for the tabs that share them. */
export function useTabs() {
  const client = useClient();

  async function started(settings: Record<string, string> = {}) {
    const app = await client.started(settings);
    const proxy = await CountingProxy.start(client.closing, app.port);
    return { app, proxy, context: await client.newContext() };
  }

  return { ...client, started };
}

/** A proxy before an app that counts the streams: how many were opened, how many are, and how many were at once. */
export class CountingProxy {
  readonly url: string;
  opened = 0;
  open = 0;
  most = 0;
  /** How many are open for each token. */
  readonly tokens = new Map<string, number>();

  private constructor(proxy: FaultyProxy) {
    this.url = proxy.url;
  }

  static async start(
    closing: (() => Promise<unknown>)[],
    port: number,
    faults: Faults = {},
  ): Promise<CountingProxy> {
    let counting: CountingProxy | undefined;
    const proxy = await startFaultyProxy(port, '', {
      ...faults,
      answer(request, response) {
        if (isStream(request.url) && request.method === 'GET') {
          const token = new URL(request.url ?? '', 'http://app').searchParams.get('access_token') ?? '';
          counting?.count(token, 1);
          response.on('close', () => counting?.count(token, -1));
        }
        return faults.answer?.(request, response) ?? false;
      },
    });
    closing.push(() => proxy.stop());
    counting = new CountingProxy(proxy);
    return counting;
  }

  count(token: string, one: 1 | -1): void {
    this.open += one;
    this.most = Math.max(this.most, this.open);
    if (one > 0) this.opened++;
    this.tokens.set(token, (this.tokens.get(token) ?? 0) + one);
  }
}
