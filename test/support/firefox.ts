import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BiDi } from './biDi.ts';
import type { Engine, EnginePage } from './engine.ts';
import { EngineProcess } from './engineProcess.ts';

/** Nothing but our pages. Most of it Firefox switches off by itself when it is driven. */
const PREFERENCES = {
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.page': 0,
  'datareporting.policy.dataSubmissionEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'http://127.0.0.1:1',
};

/** Debian's Firefox, without a window, driven by WebDriver BiDi. */
export async function startFirefox(): Promise<Engine> {
  const firefox = process.env.FIREFOX ?? 'firefox-esr';
  const browser = await EngineProcess.start(
    async (folder) => {
      const lines = Object.entries(PREFERENCES).map(
        ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
      );
      await writeFile(join(folder, 'user.js'), lines.join(''));
      return [firefox, '--headless', '--no-remote', '--profile', folder, '--remote-debugging-port', '0'];
    },
    { env: { MOZ_CRASHREPORTER_DISABLE: '1' } },
  );
  try {
    const address = await browser.says(/BiDi listening on (ws:\S+)/);
    const bidi = await BiDi.open(`${address}/session`);
    await bidi.command('session.new', { capabilities: {} });
    return new Firefox(browser, bidi);
  } catch (error) {
    await browser.stop();
    throw error;
  }
}

class Firefox implements Engine {
  readonly #browser: EngineProcess;
  readonly #bidi: BiDi;

  constructor(browser: EngineProcess, bidi: BiDi) {
    this.#browser = browser;
    this.#bidi = bidi;
  }

  async open(url: string): Promise<EnginePage> {
    const { context } = await this.#bidi.command<{ context: string }>('browsingContext.create', {
      type: 'tab',
    });
    const page = new FirefoxPage(this.#bidi, context);
    await page.goto(url);
    return page;
  }

  async close(): Promise<void> {
    this.#bidi.close();
    await this.#browser.stop();
  }
}

interface Evaluated {
  readonly type: 'success' | 'exception';
  readonly result?: { readonly value?: string };
  readonly exceptionDetails?: { readonly text: string };
}

class FirefoxPage implements EnginePage {
  readonly #bidi: BiDi;
  readonly #context: string;

  constructor(bidi: BiDi, context: string) {
    this.#bidi = bidi;
    this.#context = context;
  }

  async goto(url: string): Promise<void> {
    await this.#bidi.command('browsingContext.navigate', { context: this.#context, url, wait: 'complete' });
  }

  async evaluate<T>(expression: string): Promise<T> {
    const { result, exceptionDetails } = await this.#bidi.command<Evaluated>('script.evaluate', {
      expression: `(async () => JSON.stringify(await (${expression})))()`,
      target: { context: this.#context },
      awaitPromise: true,
    });
    if (exceptionDetails) throw new Error(exceptionDetails.text);
    return (result?.value === undefined ? undefined : JSON.parse(result.value)) as T;
  }

  async close(): Promise<void> {
    await this.#bidi.command('browsingContext.close', { context: this.#context });
  }
}
