import { appConfig } from '../app/config.ts';
import { startApp } from '../app/main.ts';
import { createStore } from '../bus/store.ts';
import { createLog } from '../lib/log.ts';
import { settings as all, type SettingTexts } from '../lib/settings.ts';
import { once, runUntilSignal } from '../lib/shutdown.ts';
import { sidecarConfig } from '../sidecar/config.ts';
import { createSidecar } from '../sidecar/sidecar.ts';
import type { Call, Command } from './flags.ts';
import { APP, LOG, SIDECAR, STORE } from './groups.ts';
import { curlEvent, curlPress, isLoopback, urlOf } from './hints.ts';
import { showKey, warn } from './notices.ts';
import { endOnTheUnexpected } from './unexpected.ts';
import { version } from './version.ts';

export const start: Command = {
  name: 'start',
  usage: 'pinstream start [options]',
  summary:
    'Runs all in one process: the app, and a sidecar with a mock button, in memory unless REDIS_URL is set.',
  options: [],
  settings: [...APP, ...STORE, ...SIDECAR, ...LOG],
  defaults: startDefaults,
  check: (settings) => [...appConfig(settings).problems, ...sidecarConfig(settings).problems],
  words: { least: 0, most: 0 },
  run: runStart,
};

/** For trying it out. Open for publishing only where nobody else can reach it. */
function startDefaults({ HOST = all.HOST.fallback }: SettingTexts) {
  return { GPIO_DRIVER: 'mock', ADOPT: '*', PUBLISH_OPEN: isLoopback(HOST) ? '1' : '0' };
}

async function runStart({ settings }: Call): Promise<void> {
  const forApp = appConfig(settings);
  const forSidecar = sidecarConfig(settings);
  const log = createLog({ level: settings.LOG_LEVEL, plain: true });
  warn(settings, log);
  const store = createStore(settings, log);
  const { ADOPT: adopt } = settings;
  const keyMade = (key: string, port: number) => showKey(settings, key, port);
  await runUntilSignal(async () => {
    const app = await startApp({ config: forApp.config, store, adopt, log, processMetrics: true, keyMade });
    const sidecar = createSidecar(forSidecar.config, store.bus, store.board, log);
    const end = once(async () => {
      await sidecar.stop();
      await app.stop();
    });
    endOnTheUnexpected('Pinstream', end, log);
    const text = welcome(urlOf(settings.HOST, app.port), forSidecar.config, settings.PUBLISH_OPEN);
    // Not waited for: while one pin hangs, those that are open already have to be ended like any other.
    void sidecar.start().then((running) => running && process.stdout.write(text));
    return end;
  }, log);
}

function welcome(
  url: string,
  { driver, pins }: ReturnType<typeof sidecarConfig>['config'],
  open: boolean,
): string {
  const button = pins.find(({ direction }) => direction === 'in')?.name;
  const mock = driver === 'mock' && button !== undefined;
  const lines = [
    `Pinstream ${version()} is running: ${url}`,
    '',
    ...(mock
      ? [`  Open that page and press "${button}". From a terminal:`]
      : ['  Open that page. From a terminal:']),
    ...(mock && open ? [`  ${curlPress(url, button)}`] : []),
    ...(open ? [`  ${curlEvent(url)}`] : []),
    `  curl -N '${url}/stream'`,
    '',
    '  Ctrl-C ends it.',
  ];
  return `\n${lines.join('\n')}\n\n`;
}
