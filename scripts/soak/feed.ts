import type { DeviceState } from '../../src/contract/device.ts';
import type { TestApp } from '../../test/support/app.ts';
import { postJson } from '../../test/support/dashboard.ts';
import { fillPast } from './fill.ts';

/** What the page is fed with, for half an hour or quickly. */

export const PINS = { PINS: 'button=17, led=18:out' };
export const BATCH = 100;
const CHANNELS = 7;

type App = Pick<TestApp, 'url' | 'store'>;

/** The events of the numbers after `from`, up to `to`. */
export async function publish(app: App, from: number, to: number): Promise<void> {
  const batch = Array.from({ length: to - from }, (_, i) => {
    const n = from + i + 1;
    return { channel: `room-${n % CHANNELS}`, event: 'reading', data: { n, celsius: 20 + (n % 50) / 10 } };
  });
  await post(app, '/events', batch);
}

export function press(app: App, ms: number): Promise<void> {
  return post(app, '/pins/button', { press: ms });
}

/** What the page keeps of pins is full after that. */
export async function fill(app: App): Promise<void> {
  const { at: _, ...device } = (await (await fetch(`${app.url}/pins`)).json()) as DeviceState & {
    at: number;
  };
  await fillPast(app.store.bus, device, 'button', 'led');
}

async function post(app: App, path: string, body: object): Promise<void> {
  const response = await postJson(app.url + path, body);
  if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${await response.text()}`);
}
