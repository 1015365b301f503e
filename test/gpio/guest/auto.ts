import assert from 'node:assert/strict';
import { check } from './checks.ts';
import { startAmong } from './program.ts';
import { assertPressed } from './troubles.ts';
import type { World } from './world.ts';

const LINE = 10;

/** The driver that works is taken by itself. */
export async function checkAuto(world: World): Promise<void> {
  const { device, driver } = world;
  await check(`GPIO_DRIVER=auto takes ${driver.name} where that is the one that works`, async () => {
    await device.forget();
    const sidecar = startAmong(driver.alone, { ...driver.env, GPIO_DRIVER: 'auto', PINS: `auto=${LINE}` });
    world.sidecar = sidecar;
    await sidecar.says(`GPIO_DRIVER=auto takes ${driver.name}.`);
    await device.until((pin, state) => state.driver === driver.name && pin('auto').level === 0);
    await assertPressed(world, 'auto', LINE);
    assert.equal(await sidecar.end('SIGTERM'), 0);
  });
}
