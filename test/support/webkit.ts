import type { Engine, EnginePage } from './engine.ts';
import { EngineProcess } from './engineProcess.ts';
import { freePort } from './freePort.ts';
import { WebDriver } from './webDriver.ts';

/** A script that waits for longer than this has failed; its own deadline, with a better word, comes before. */
const SCRIPT_MS = 90_000;

/** WebKitGTK's small browser, driven by WebDriver. It cannot do without a window: its screen is in memory (Xvfb). */
export async function startWebKit(): Promise<Engine> {
  const processes: EngineProcess[] = [];
  const stop = async () => {
    for (const one of processes.reverse()) await one.stop();
  };
  try {
    // It looks for a free number itself, and says which once it can be used.
    const screen = await EngineProcess.start(() => ['Xvfb', '-displayfd', '1', '-nolisten', 'tcp'], {
      // It takes its lock and its socket away, which are in no folder of ours.
      end: 'TERM',
    });
    processes.push(screen);
    const display = `:${await screen.says(/^(\d+)$/m)}`;
    const port = await freePort();
    const driver = await EngineProcess.start(() => ['WebKitWebDriver', `--port=${port}`], {
      // Nobody reads the screen aloud: that would start a message bus, which outlives the browser.
      env: { DISPLAY: display, GDK_BACKEND: 'x11', NO_AT_BRIDGE: '1' },
    });
    processes.push(driver);
    const webDriver = await session(driver, port);
    // The window that it began with: a further one is asked for in one that is still there.
    const first = await webDriver.command<string>('GET', '/window');
    return {
      async open(url) {
        const asked = ['POST', '/window/new', { type: 'tab' }] as const;
        const { handle } = await webDriver.inWindow<{ handle: string }>(first, ...asked);
        await webDriver.inWindow(handle, 'POST', '/url', { url });
        return enginePage(webDriver, handle);
      },
      close: stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function session(driver: EngineProcess, port: number): Promise<WebDriver> {
  const capabilities = { alwaysMatch: { timeouts: { script: SCRIPT_MS } } };
  try {
    return await WebDriver.open(`http://127.0.0.1:${port}`, capabilities, () => driver.over);
  } catch (error) {
    throw driver.failure(`without a session (${error})`);
  }
}

interface Evaluated {
  readonly value?: string;
  readonly error?: string;
}

function enginePage(driver: WebDriver, handle: string): EnginePage {
  return {
    async evaluate<T>(expression: string) {
      const script = `const done = arguments[arguments.length - 1];
        (async () => JSON.stringify(await (${expression})))().then(
          (value) => done({ value }),
          (error) => done({ error: String(error) }),
        );`;
      const { value, error } = await driver.inWindow<Evaluated>(handle, 'POST', '/execute/async', {
        script,
        args: [],
      });
      if (error !== undefined && error !== null) throw new Error(error);
      return (value === undefined || value === null ? undefined : JSON.parse(value)) as T;
    },
    async close() {
      await driver.inWindow(handle, 'DELETE', '/window');
    },
  };
}
