import { appConfig } from '../app/config.ts';
import { startApp } from '../app/main.ts';
import { createStore } from '../bus/store.ts';
import { createLog } from '../lib/log.ts';
import type { Settings } from '../lib/settings.ts';
import { stopOnSignal } from '../lib/shutdown.ts';
import type { Call, Command } from './flags.ts';
import { APP, LOG, STORE } from './groups.ts';
import { curlEvent, isLoopback, urlOf } from './hints.ts';

export const serve: Command = {
  name: 'serve',
  usage: 'pinstream serve [options]',
  summary: 'Serves streams from a shared Redis, or from memory: the app alone, without pins.',
  options: [],
  settings: [...APP, ...STORE, ...LOG],
  check: (settings) => appConfig(settings).problems,
  words: { least: 0, most: 0 },
  run: runServe,
};

async function runServe({ settings }: Call): Promise<void> {
  const { config } = appConfig(settings);
  const log = createLog({ level: settings.LOG_LEVEL });
  warn(settings, log.warn.bind(log));
  const store = createStore(settings, log);
  const app = await startApp({
    config,
    store,
    adopt: settings.ADOPT,
    log,
    processMetrics: true,
    keyMade: (key, port) => showKey(settings, key, port),
  });
  log.info({}, `Pinstream listens on ${urlOf(settings.HOST, app.port)}`);
  stopOnSignal(() => app.stop(), log);
}

/** Once, when the key was made: never again, and never in the log. */
export function showKey(settings: Settings, key: string, port: number): void {
  // Behind the proxy of the bundle, the app's own port is reached by nobody.
  const url = settings.CORS_OWNER === 'proxy' ? 'http://localhost' : urlOf(settings.HOST, port);
  process.stdout.write(`\nThe key for publishing is ${key}\n  ${curlEvent(url, key)}\n\n`);
}

export function warn(settings: Settings, say: (fields: object, message: string) => void): void {
  if (settings.PUBLISH_OPEN && !isLoopback(settings.HOST)) {
    say({}, `Anybody who reaches ${settings.HOST}:${settings.PORT} may publish (PUBLISH_OPEN).`);
  }
  const shared = settings.REDIS_URL !== '' || settings.REDIS_SENTINELS !== undefined;
  if (shared && settings.ADOPT.length === 0) {
    say({}, "Raw publishes (redis-cli publish …) are not kept: set ADOPT='*' or the channels that shall be.");
  }
}
