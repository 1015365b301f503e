import { createStore, sharesRedis } from '../bus/store.ts';
import { createLog, type Log } from '../lib/log.ts';
import type { Settings } from '../lib/settings.ts';
import { runUntilSignal } from '../lib/shutdown.ts';
import { sidecarConfig } from '../sidecar/config.ts';
import { startSidecar } from '../sidecar/main.ts';
import type { Call, Command } from './flags.ts';
import { LOG, SIDECAR, STORE } from './groups.ts';

/** As after a signal. */
const LONGEST_END = 8_000;

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
    let end = () => store.bus.close();
    onTheUnexpected(() => end(), log);
    await store.bus.start();
    const running = await startSidecar(config, store, log);
    end = async () => {
      await running.stop();
      await store.bus.close();
    };
    return end;
  }, log);
}

/**
 * An error that nobody thought of, and that is of no one pin: what this process believes may be wrong from now on, so it ends as
 * far as it can (outputs at their safe level, the device offline), and whoever runs it starts it again.
 */
function onTheUnexpected(end: () => Promise<void>, log: Log): void {
  let ending = false;
  process.on('uncaughtException', (error: unknown) => {
    const { message = String(error), stack = '' } = (error ?? {}) as Partial<Error>;
    const [, where] = stack.split('\n    at ');
    const rest = 'The sidecar ends with 1, to be started again. Please report this.';
    log.error({ ...(where && { where }) }, `Unexpected: ${message.replace(/\.$/, '')}. ${rest}`);
    if (ending) process.exit(1);
    ending = true;
    setTimeout(() => process.exit(1), LONGEST_END);
    end()
      .catch(() => undefined)
      .finally(() => process.exit(1));
  });
}
