import type { Log } from '../lib/log.ts';

/** As after a signal. */
const LONGEST_END = 8_000;

/**
 * An error that nobody thought of, and that is of no one pin: what this process believes may be wrong from now on, so it ends as
 * far as it can (outputs at their safe level, the device offline), and whoever runs it starts it again.
 */
export function endOnTheUnexpected(who: string, end: () => Promise<void>, log: Log): void {
  let ending = false;
  process.on('uncaughtException', (error: unknown) => {
    // One that comes again and again would cut the end short, and bury what was said of the first one.
    if (ending) return;
    ending = true;
    const { message = String(error), stack = '' } = (error ?? {}) as Partial<Error>;
    const [, where] = stack.split('\n    at ');
    const rest = `${who} ends with 1, to be started again. Please report this.`;
    log.error({ ...(where && { where }) }, `Unexpected: ${message.replace(/\.$/, '')}. ${rest}`);
    // A signal may be ending all this too: its end is no clean one any more.
    process.exitCode = 1;
    setTimeout(() => process.exit(1), LONGEST_END);
    end()
      .catch(() => undefined)
      .finally(() => process.exit(1));
  });
}
