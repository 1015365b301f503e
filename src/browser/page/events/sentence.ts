import type { WireDevice } from '../../wire.ts';
import { levelOf } from '../pinNow.ts';
import { isState } from '../reports.ts';
import { duration } from '../timeline/words.ts';

/** What our own events say for themselves: a gesture its `text`, the device its state. */
export function sentenceOf(channel: string, name: string, data: string): string | undefined {
  const isOwnState = isState({ channel, name });
  if (!data.startsWith('{') || !(isOwnState || data.includes('"gpio"'))) return undefined;
  try {
    const value = JSON.parse(data);
    if (typeof value.text === 'string' && typeof value.gpio === 'number') {
      // Its time stands beside it already.
      const text = value.text.split(' @ ')[0];
      return typeof value.held === 'number' ? `${text}, held ${duration(value.held)}` : text;
    }
    if (!isOwnState) return undefined;
    const device = value as WireDevice;
    return [
      device.driver === null ? device.state : `${device.state}, ${device.driver}`,
      ...device.pins.map((pin) => `${pin.name} ${levelOf(pin, device.state)}`),
    ].join(' · ');
  } catch {
    return undefined;
  }
}

/** Events of pins and of the device are the sidecar's alone: nobody else may publish there. */
export function isOfDevice({
  channel,
  name,
  data,
}: {
  channel: string;
  name: string;
  data: string;
}): boolean {
  return channel === 'device' || sentenceOf(channel, name, data) !== undefined;
}
