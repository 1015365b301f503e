import type { Bus } from '../../src/bus/bus.ts';
import type { DeviceState } from '../../src/contract/device.ts';
import { gestureText, utcTime } from '../../src/contract/gestures.ts';

/** A little more than the timeline remembers of a pin. */
export const PRESSES = 2_100;
const APART = 10_000;

/**
 * A past of presses and switches, as the sidecar would have told it: what the page keeps of pins is full from the beginning, and
 * does not have to be pressed full.
 */
export async function fillPast(bus: Bus, device: DeviceState, button: string, output: string): Promise<void> {
  const gpio = device.pins.find(({ name }) => name === button)?.gpio ?? 0;
  const from = Date.now() - PRESSES * APART;
  for (let press = 1; press <= PRESSES; press++) {
    const at = from + press * APART;
    const tell = (name: 'press' | 'release', when: number, held?: number) => {
      const text = gestureText(button, name, press, when);
      const data = JSON.stringify({ pin: button, gpio, press, at: utcTime(when), held, text });
      const terms = { hardware: true, presses: { pin: button, count: press } };
      return bus.append({ channel: button, name, data, at: when }, terms);
    };
    await tell('press', at);
    await tell('release', at + 120, 120);
    const pins = device.pins.map((pin) => (pin.name === output ? { ...pin, level: press % 2 } : pin));
    const data = JSON.stringify({ ...device, pins });
    await bus.append({ channel: 'device', name: 'state', data, at: at + 200 }, { hardware: true });
    // A browser that is sent all at once is cut off as too slow.
    if (press % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
