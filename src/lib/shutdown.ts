import { closeSync, openSync } from 'node:fs';
import { isatty } from 'node:tty';
import type { Log } from './log.ts';

/** Longer than a clean end takes, shorter than Docker's patience. */
const DEADLINE_MS = 8_000;
/** npm hands on what the terminal has sent already: the same signal again within this is no second one. */
const ECHO_MS = 100;
/** What a shell shows for a SIGPIPE. */
const NOBODY_READS = 141;

/**
 * Starts something, which answers how it is stopped, and ends the process cleanly on SIGTERM and SIGINT: also on one that comes
 * during the start. What hangs is not waited for beyond the deadline, and a second signal ends at once: somebody who presses
 * Ctrl-C twice means it. A terminal that is closed ends it too, as does a reader of its output who has gone.
 */
export async function runUntilSignal(
  start: () => Promise<() => Promise<void>>,
  log: Log,
  deadline = DEADLINE_MS,
): Promise<void> {
  // Asked now: of a terminal that is gone nobody can tell any more that it was one.
  const terminals = [0, 1, 2].filter((file) => isatty(file));
  let stopping = false;
  let told: { readonly signal: NodeJS.Signals; readonly at: number } | undefined;
  const stop = () => {
    if (stopping) return;
    stopping = true;
    setTimeout(() => {
      log.error({}, `Not everything ended within ${deadline / 1000} s; stopping all the same.`);
      process.exit(1);
    }, deadline);
    // If the start fails instead, whoever called this says why.
    started.then(end, () => undefined);
  };
  const end = async (stopStarted: () => Promise<void>) => {
    try {
      await stopStarted();
      // 0, unless something has gone wrong meanwhile.
      process.exit();
    } catch (error) {
      log.error({ error: String(error) }, 'The end failed.');
      process.exit(1);
    }
  };
  const onSignal = (signal: NodeJS.Signals) => {
    const now = performance.now();
    if (told?.signal === signal && now - told.at < ECHO_MS) return;
    if (told) process.exit(1);
    told = { signal, at: now };
    log.info({}, `${signal}: stopping.`);
    stop();
  };
  // Shell and kernel both send it, and systemd sends it beside SIGTERM: it never counts as the second signal.
  const onHangup = () => {
    if (stopping) return leave(terminals.splice(0));
    // Node forgets that `nohup` had this signal ignored. What it has started is known by having no terminal left.
    if (terminals.length === 0)
      return log.info({}, 'SIGHUP: no terminal is attached, so it goes on. SIGTERM ends it.');
    log.info({}, 'SIGHUP: stopping, since the terminal was closed.');
    leave(terminals.splice(0));
    stop();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('SIGHUP', onHangup);
  outliveOutputs(() => {
    process.exitCode ??= NOBODY_READS;
    stop();
  });
  const started = start();
  await started;
}

/** One end, however many ask for it. */
export function once(end: () => Promise<void>): () => Promise<void> {
  let ended: Promise<void> | undefined;
  return () => {
    ended ??= end();
    return ended;
  };
}

/**
 * What cannot be written is not worth an end on the spot: a log line to a terminal that was just closed would leave outputs
 * on. Instead of all who listened before.
 */
function outliveOutputs(nobodyReads: () => void): void {
  for (const output of [process.stdout, process.stderr]) {
    output.removeAllListeners('error');
    output.on('error', ({ code }: NodeJS.ErrnoException) => {
      if (code === 'EPIPE' && output === process.stdout) nobodyReads();
    });
  }
}

/** At its end Node sets the modes of its terminals back, and crashes when one is gone. */
function leave(terminals: readonly number[]): void {
  for (const file of terminals) {
    closeSync(file);
    // Takes the lowest number that is free: this one.
    openSync('/dev/null', 'r+');
  }
}
