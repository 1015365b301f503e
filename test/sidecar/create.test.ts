import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../src/lib/log.ts';
import type { SidecarConfig } from '../../src/sidecar/config.ts';
import { AutoDriver } from '../../src/sidecar/drivers/auto.ts';
import { createDriver } from '../../src/sidecar/drivers/create.ts';
import { GpiomonDriver } from '../../src/sidecar/drivers/gpiomon.ts';
import { MockDriver } from '../../src/sidecar/drivers/mock.ts';
import { OnoffDriver } from '../../src/sidecar/drivers/onoff.ts';
import { FakeClock } from '../support/clock.ts';

function created(driver: SidecarConfig['driver']) {
  const config: SidecarConfig = {
    pins: [],
    driver,
    chip: undefined,
    mockAuto: undefined,
    announce: 'sse',
    outbox: 10,
    repeat: 1_000,
    healthFile: undefined,
  };
  return createDriver(config, new FakeClock(), silentLog);
}

test('a driver is made by its name', () => {
  assert.ok(created('mock') instanceof MockDriver, 'the mock');
  assert.ok(created('onoff') instanceof OnoffDriver, 'onoff');
  assert.ok(created('gpiomon') instanceof GpiomonDriver, 'gpiomon');
  assert.ok(created('auto') instanceof AutoDriver, 'auto');
  assert.deepEqual(
    (['mock', 'onoff', 'gpiomon', 'auto'] as const).map((name) => created(name).name),
    ['mock', 'onoff', 'gpiomon', 'auto'],
  );
});
