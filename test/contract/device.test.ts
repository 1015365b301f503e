import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DEFAULT_CHANNEL,
  DEVICE_CHANNEL,
  DEVICE_EVENT,
  type DeviceState,
  NO_DEVICE,
  parseDevice,
} from '../../src/contract/device.ts';

test('the hardware speaks on its own channel, and presses on the one that pages without one listen to', () => {
  assert.deepEqual([DEVICE_CHANNEL, DEVICE_EVENT, DEFAULT_CHANNEL], ['device', 'state', 'sse']);
});

test('a state is read as it was said', () => {
  const state: DeviceState = {
    state: 'degraded',
    driver: 'onoff',
    pins: [
      { name: 'button', gpio: 17, direction: 'in', level: 1 },
      { name: 'led', gpio: 18, direction: 'out', level: null, problem: 'GPIO 18 is in use.' },
    ],
    dropped: 3,
  };
  assert.deepEqual(parseDevice(JSON.stringify(state)), state);
  assert.deepEqual(parseDevice(JSON.stringify(NO_DEVICE)), { state: 'offline', driver: null, pins: [] });
});

test('what is no state is nothing', () => {
  const others = [
    '',
    'online',
    'null',
    '7',
    '"online"',
    '[]',
    '{}',
    '{"state":"online"}',
    '{"state":"online","pins":{}}',
    '{"state":"online","pins":"button"}',
    '{"state":7,"pins":[]}',
    '{"pins":[]}',
    '{"state":"online","pins":[null]}',
    '{"state":"online","pins":[17]}',
    '{"state":"online","pins":[{"gpio":17}]}',
    '{"state":"online","pins":[]',
  ];
  assert.deepEqual(
    others.filter((text) => parseDevice(text) !== undefined),
    [],
  );
});
