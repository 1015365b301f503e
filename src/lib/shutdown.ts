import type { Log } from './log.ts';

/** Longer than a clean end takes, shorter than Docker's patience. */
const DEADLINE_MS = 8_000;

/**
 * Starts something, which answers how it is stopped, and ends the process cleanly on SIGTERM and SIGINT: also on one that comes
 * during the start. What hangs is not waited for beyond the deadline, and a second signal ends at once: somebody who presses
 * Ctrl-C twice means it.
 */
export async function runUntilSignal(
  start: () => Promise<() => Promise<void>>,
  log: Log,
  deadline = DEADLINE_MS,
): Promise<void> {
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({}, `${signal}: stopping.`);
    setTimeout(() => {
      log.error({}, `Not everything ended within ${deadline / 1000} s; stopping all the same.`);
      process.exit(1);
    }, deadline);
    // If the start fails instead, whoever called this says why.
    started.then(end, () => undefined);
  };
  const end = async (stop: () => Promise<void>) => {
    try {
      await stop();
      process.exit(0);
    } catch (error) {
      log.error({ error: String(error) }, 'The end failed.');
      process.exit(1);
    }
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  const started = start();
  await started;
}
