import { eventually } from './ready.ts';
import { request } from './request.ts';

/** Waits until the app has streams on just these channels and patterns. */
export async function listenedTo(url: string, expected: Readonly<Record<string, number>>): Promise<void> {
  let seen: unknown;
  await eventually(`streams ${JSON.stringify(expected)}`, async () => {
    seen = (await request(`${url}/stats`)).json;
    return JSON.stringify(seen) === JSON.stringify(Object.entries(expected).sort());
  }).catch((error) => {
    throw new Error(`${error.message} The app has ${JSON.stringify(seen)}.`);
  });
}
