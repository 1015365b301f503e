import { appConfig } from '../app/config.ts';
import { startApp } from '../app/main.ts';
import { createStore } from '../bus/store.ts';
import { createLog } from '../lib/log.ts';
import { runUntilSignal } from '../lib/shutdown.ts';
import type { Call, Command } from './flags.ts';
import { APP, LOG, STORE } from './groups.ts';
import { urlOf } from './hints.ts';
import { showKey, warn } from './notices.ts';

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
  warn(settings, log);
  await runUntilSignal(async () => {
    const app = await startApp({
      config,
      store: createStore(settings, log),
      adopt: settings.ADOPT,
      log,
      processMetrics: true,
      keyMade: (key, port) => showKey(settings, key, port),
    });
    log.info({}, `Pinstream listens on ${urlOf(settings.HOST, app.port)}`);
    return () => app.stop();
  }, log);
}
