import { request } from './request.ts';

/** Asks an app until it can serve: a store in Redis takes a moment to be reached. */
export async function ready(url: string): Promise<void> {
  while ((await request(`${url}/readyz`)).status !== 200);
}
