import { createStore, sharesRedis } from '../bus/store.ts';
import { createLog } from '../lib/log.ts';
import type { Settings } from '../lib/settings.ts';
import { once, runUntilSignal } from '../lib/shutdown.ts';
import { sidecarConfig } from '../sidecar/config.ts';
import { createSidecar } from '../sidecar/sidecar.ts';
import type { Call, Command } from './flags.ts';
import { LOG, SIDECAR, STORE } from './groups.ts';
import { endOnTheUnexpected } from './unexpected.ts';

export const sidecar: Command = {
  name: 'sidecar',
  usage: 'pinstream sidecar [options]',
  summary: 'Watches the pins of this machine, or mock ones, and says what happens to a shared Redis.',
  options: [],
  settings: [...SIDECAR, ...STORE, ...LOG],
  check: mistakes,
  words: { least: 0, most: 0 },
  run: runSidecar,
};

function mistakes(settings: Settings): string[] {
  const { problems } = sidecarConfig(settings);
  if (!sharesRedis(settings)) {
    problems.push(
      'REDIS_URL must say where the Redis is that the app uses too: alone, the sidecar has nobody to tell.',
    );
  }
  return problems;
}

async function runSidecar({ settings }: Call): Promise<void> {
  const { config } = sidecarConfig(settings);
  const log = createLog({ level: settings.LOG_LEVEL });
  await runUntilSignal(async () => {
    const store = createStore(settings, log);
    const sidecar = createSidecar(config, store.bus, store.board, log);
    const end = once(async () => {
      await sidecar.stop();
      await store.bus.close();
    });
    endOnTheUnexpected('The sidecar', end, log);
    await store.bus.start();
    // Not waited for: while one pin hangs, those that are open already have to be ended like any other.
    void sidecar.start();
    return end;
  }, log);
}
