import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  DEFAULT_CHANNEL,
  DEVICE_CHANNEL,
  DEVICE_EVENT,
  type DeviceState,
  NO_DEVICE,
  parseCommand,
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

test('a button is held for 20 ms to a minute, or let go of', () => {
  for (const hold of [0, 20, 1500, 60_000]) {
    assert.deepEqual(parseCommand('button', { hold }), { pin: 'button', hold });
  }
  for (const hold of [1, 19, 60_001, -20, 20.5, '1500', null, true, Number.NaN]) {
    assert.deepEqual(parseCommand('button', { hold }), {
      problem: '"hold" must be a whole number of milliseconds from 20 to 60000, or 0 to let go.',
      member: 'hold',
    });
  }
});
