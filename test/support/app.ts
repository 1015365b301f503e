import type { Authorize } from '../../src/app/access/access.ts';
import { appConfig } from '../../src/app/config.ts';
import { startApp as start } from '../../src/app/main.ts';
import { createStore, type Store } from '../../src/bus/store.ts';
import { type Log, silentLog } from '../../src/lib/log.ts';
import { readSettings, type Settings } from '../../src/lib/settings.ts';
import { sidecarConfig } from '../../src/sidecar/config.ts';
import { createSidecar, type Sidecar } from '../../src/sidecar/sidecar.ts';

export interface TestApp {
  readonly url: string;
  readonly port: number;
  readonly store: Store;
  stop(): Promise<void>;
}

export interface TestAppOptions {
  /** Also the mock sidecar in this process. */
  readonly mock?: boolean;
  readonly store?: Store;
  readonly authorize?: Authorize;
  readonly keyMade?: (key: string) => void;
  readonly log?: Log;
}

/** The real app on a free port of this machine, in this process; publishing is open unless a setting says otherwise. */
export async function startApp(
  given: Record<string, string> = {},
  options: TestAppOptions = {},
): Promise<TestApp> {
  const texts = { PORT: '0', PUBLISH_OPEN: '1', ...given };
  const { settings, problems } = readSettings(texts);
  const { config, problems: more } = appConfig(settings);
  if (problems.length + more.length > 0) throw new Error([...problems, ...more].join('\n'));
  const { mock = false, log = silentLog, ...rest } = options;
  const store = options.store ?? createStore(settings, log);
  const app = await start({ config, adopt: settings.ADOPT, log, ...rest, store });
  const sidecar = mock ? await startMock(settings, store, log) : undefined;
  return {
    url: `http://127.0.0.1:${app.port}`,
    port: app.port,
    store,
    async stop() {
      await sidecar?.stop();
      await app.stop();
    },
  };
}

async function startMock(settings: Settings, store: Store, log: Log): Promise<Sidecar> {
  const { config, problems } = sidecarConfig({ ...settings, GPIO_DRIVER: 'mock' });
  if (problems.length > 0) throw new Error(problems.join('\n'));
  const sidecar = createSidecar(config, store.bus, store.board, log);
  await sidecar.start();
  return sidecar;
}
