import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Device } from '../../src/app/device.ts';
import { announceOffline } from '../../src/app/offline.ts';
import { MemoryBus } from '../../src/bus/memoryBus.ts';
import type { DeviceState } from '../../src/contract/device.ts';

const LEASE = { key: 'keeper', token: 'mine' };
const ONLINE: DeviceState = {
  state: 'online',
  driver: 'onoff',
  pins: [{ name: 'button', gpio: 17, direction: 'in', level: 1 }],
};

/** A store with a device that was online, and two apps that have heard of it. */
async function known() {
  const bus = new MemoryBus({ logLength: 10, logAge: 1e9, maxChannels: 10, storeBytes: 1e6 });
  await bus.append(
    { channel: 'device', name: 'state', data: JSON.stringify(ONLINE), at: 0 },
    { hardware: true },
  );
  const [one, other] = [new Device(bus), new Device(bus)];
  await one.recall();
  await other.recall();
  const said = async () =>
    (await bus.since({ channels: ['device'], after: 0 })).events.map(
      ({ data }) => (JSON.parse(data) as DeviceState).state,
    );
  return { bus, one, other, said };
}

test('a silent device is announced offline once, also by a keeper that has not heard of it yet', async () => {
  const { bus, one, other, said } = await known();
  const pulse = { deviceLives: async () => false };
  await announceOffline(one, pulse, bus, LEASE);
  await announceOffline(other, pulse, bus, LEASE);
  await one.recall();
  await announceOffline(one, pulse, bus, LEASE);
  assert.deepEqual(await said(), ['online', 'offline']);
});

test('a device that lives is not', async () => {
  const { bus, one, said } = await known();
  await announceOffline(one, { deviceLives: async () => true }, bus, LEASE);
  assert.deepEqual(await said(), ['online']);
});
