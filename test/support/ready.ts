import { setTimeout } from 'node:timers/promises';
import { request } from './request.ts';

/** A test that waits for longer than this has failed, unless it waits for somebody who takes his time. */
const PATIENCE_MS = 15_000;

/** Asks again and again until it is so, where nobody tells when it is. */
export async function eventually(
  what: string,
  isSo: () => Promise<boolean>,
  patience = PATIENCE_MS,
): Promise<void> {
  const late = AbortSignal.timeout(patience);
  while (!(await isSo())) {
    if (late.aborted) throw new Error(`It never came to this: ${what}.`);
    // Who is asked needs the machine too.
    await setTimeout(5);
  }
}

/** Asks an app until it can serve: a store in Redis takes a moment to be reached. */
export function ready(url: string): Promise<void> {
  return eventually('the app is ready', async () => (await request(`${url}/readyz`)).status === 200);
}
