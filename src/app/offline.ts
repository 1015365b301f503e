import { type AppendTerms, type Bus, BusError, type Lease } from '../bus/bus.ts';
import { DEVICE_CHANNEL, DEVICE_EVENT } from '../contract/device.ts';
import type { Device } from './device.ts';

/** Tells whether the sidecar has said of late that it lives. */
interface Pulse {
  deviceLives(): Promise<boolean>;
}

/**
 * A sidecar that was killed says nothing any more: the keeper says it instead, once. The key keeps a second keeper, which has
 * not heard of it yet, from saying it again.
 */
export async function announceOffline(device: Device, pulse: Pulse, bus: Bus, lease: Lease): Promise<void> {
  if (device.state.state === 'offline' || (await pulse.deviceLives())) return;
  const data = JSON.stringify({ ...device.state, state: 'offline' });
  const key = `offline-after-${device.n}`;
  const terms: AppendTerms = { lease, unlessDeviceLives: true, hardware: true, key };
  await bus
    .append({ channel: DEVICE_CHANNEL, name: DEVICE_EVENT, data, at: Date.now() }, terms)
    .catch(passOver);
}

/** It has come back meanwhile. If the lease is lost instead, the keeper finds out by itself. */
function passOver(error: unknown): void {
  if (!(error instanceof BusError && error.reason === 'fenced')) throw error;
}
