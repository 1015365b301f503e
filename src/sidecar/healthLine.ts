import type { BusStatus } from '../bus/bus.ts';
import type { DeviceState, PinState } from '../contract/device.ts';

/** The state of the device, or `starting` before there is one. */
type State = Omit<DeviceState, 'state'> & { readonly state: DeviceState['state'] | 'starting' };

/** How the sidecar is, in one line for people: `online: onoff, 2 pins. The store is reached.` */
export function healthLine({ state, driver, pins }: State, store: BusStatus, waiting: number): string {
  const failing = state === 'degraded' ? pins.filter(isFailing) : [];
  const what =
    failing.length > 0
      ? failing.map(reasonOf).join(' ')
      : `${driver}, ${pins.length === 1 ? '1 pin' : `${pins.length} pins`}.`;
  const reached = store.ready ? 'The store is reached.' : (store.problem ?? 'The store is not reached.');
  const held = waiting === 0 ? '' : ` Events that wait for it: ${waiting}.`;
  return `${state}: ${what} ${reached}${held}`.replace(/\s+/g, ' ');
}

/** Also one that was not opened yet. */
export function isFailing({ problem, level }: PinState): boolean {
  return problem !== undefined || level === null;
}

/** Most problems begin with the name of their pin. */
function reasonOf({ name, problem = 'It is not open yet.' }: PinState): string {
  return problem.startsWith(name) ? problem : `${name}: ${problem}`;
}
