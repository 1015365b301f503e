import { request } from './request.ts';

/** A test that waits for longer than this has failed. */
const PATIENCE_MS = 15_000;

/** Asks again and again until it is so, where nobody tells when it is. */
export async function eventually(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const late = AbortSignal.timeout(PATIENCE_MS);
  while (!(await isSo())) if (late.aborted) throw new Error(`It never came to this: ${what}.`);
}

/** Asks an app until it can serve: a store in Redis takes a moment to be reached. */
export function ready(url: string): Promise<void> {
  return eventually('the app is ready', async () => (await request(`${url}/readyz`)).status === 200);
}
