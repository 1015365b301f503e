import type { Log } from './log.ts';

/** Longer than a clean end takes, shorter than Docker's patience. */
const DEADLINE_MS = 8_000;

/**
 * Ends the process cleanly on SIGTERM and SIGINT. What hangs is not waited for beyond the deadline, and a second signal ends
 * at once: somebody who presses Ctrl-C twice means it.
 */
export function stopOnSignal(stop: () => Promise<void>, log: Log): void {
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({}, `${signal}: stopping.`);
    setTimeout(() => {
      log.error({}, `Not everything ended within ${DEADLINE_MS / 1000} s; stopping all the same.`);
      process.exit(1);
    }, DEADLINE_MS).unref();
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        log.error({ error: String(error) }, 'The end failed.');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
}
