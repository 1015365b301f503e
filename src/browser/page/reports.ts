import type { PinstreamEvent } from '../client/api.ts';
import type { WireDevice } from '../wire.ts';

/** The device tells of itself by one kind of event. */
export function isState({ channel, name }: Pick<PinstreamEvent, 'channel' | 'name'>): boolean {
  return channel === 'device' && name === 'state';
}

/** What an event says of the device; undefined: nothing, or nothing that can be understood. */
export function deviceOf(event: PinstreamEvent): WireDevice | undefined {
  if (!isState(event)) return undefined;
  try {
    const device = JSON.parse(event.data) as WireDevice;
    return Array.isArray(device.pins) && typeof device.state === 'string' ? device : undefined;
  } catch {
    return undefined;
  }
}
