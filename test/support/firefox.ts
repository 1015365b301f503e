import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BiDi } from './biDi.ts';
import type { Engine, EnginePage } from './engine.ts';
import { EngineProcess } from './engineProcess.ts';
import { inPath } from './inPath.ts';

/** Nothing but our pages. Most of it Firefox switches off by itself when it is driven. */
const PREFERENCES = {
  'browser.shell.checkDefaultBrowser': false,
  'browser.startup.page': 0,
  'datareporting.policy.dataSubmissionEnabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'services.settings.server': 'http://127.0.0.1:1',
};

/** Debian has the one that is supported for longer, others have the other alone. */
const NAMES = ['firefox-esr', 'firefox'];

/** Firefox without a window, driven by WebDriver BiDi. */
export async function startFirefox(): Promise<Engine> {
  const firefox = process.env.FIREFOX ?? inPath(NAMES) ?? 'firefox';
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
    return {
      async open(url) {
        const created = { type: 'tab' };
        const { context } = await bidi.command<{ context: string }>('browsingContext.create', created);
        await bidi.command('browsingContext.navigate', { context, url, wait: 'complete' });
        return enginePage(bidi, context);
      },
      async close() {
        bidi.close();
        await browser.stop();
      },
    };
  } catch (error) {
    await browser.stop();
    throw error;
  }
}

interface Evaluated {
  readonly type: 'success' | 'exception';
  readonly result?: { readonly value?: string };
  readonly exceptionDetails?: { readonly text: string };
}

function enginePage(bidi: BiDi, context: string): EnginePage {
  return {
    async evaluate<T>(expression: string) {
      const { result, exceptionDetails } = await bidi.command<Evaluated>('script.evaluate', {
        expression: `(async () => JSON.stringify(await (${expression})))()`,
        target: { context },
        awaitPromise: true,
      });
      if (exceptionDetails) throw new Error(exceptionDetails.text);
      return (result?.value === undefined ? undefined : JSON.parse(result.value)) as T;
    },
    async close() {
      await bidi.command('browsingContext.close', { context });
    },
  };
}
