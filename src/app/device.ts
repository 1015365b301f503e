import type { Bus } from '../bus/bus.ts';
import { DEVICE_CHANNEL, type DeviceState, NO_DEVICE, parseDevice } from '../contract/device.ts';
import type { StoredEvent } from '../contract/event.ts';

/** What this app knows of the hardware: the last event on the `device` channel. */
export class Device {
  readonly #bus: Bus;
  #state: DeviceState = NO_DEVICE;
  #event: StoredEvent | undefined;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  get state(): DeviceState {
    return this.#state;
  }

  /** When the state was so. */
  get at(): number | undefined {
    return this.#event?.at;
  }

  /** The number of the event that said so. */
  get n(): number {
    return this.#event?.n ?? 0;
  }

  /** Reads what was said before this app listened. */
  async recall(): Promise<void> {
    const tail = (await this.#bus.tails([DEVICE_CHANNEL], 1)).get(DEVICE_CHANNEL);
    if (tail === undefined) return;
    const { events } = await this.#bus.since({ channels: [DEVICE_CHANNEL], after: tail - 1, limit: 1 });
    for (const event of events) this.event(event);
  }

  event(event: StoredEvent): void {
    if (event.channel !== DEVICE_CHANNEL || event.n <= this.n) return;
    const state = parseDevice(event.data);
    if (!state) return;
    this.#state = state;
    this.#event = event;
  }

  /** The store is another one: what was known is not in it. */
  forget(): void {
    this.#state = NO_DEVICE;
    this.#event = undefined;
  }

  /** Why only the sidecar may publish on a channel, or undefined. */
  owns(channel: string): string | undefined {
    if (channel === DEVICE_CHANNEL) return 'The "device" channel is for the sidecar alone.';
    if (this.#state.pins.some(({ name }) => name === channel)) {
      return `"${channel}" is a pin: only the sidecar publishes there. Press or set it with POST /pins/${channel}.`;
    }
    return undefined;
  }
}
