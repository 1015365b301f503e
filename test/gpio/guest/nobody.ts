import assert from 'node:assert/strict';
import { execSync } from 'node:child_process';
import { check } from './checks.ts';
import { inside, type Program, startAsNobody } from './program.ts';
import { assertPressed } from './troubles.ts';
import type { World } from './world.ts';

/** Three pins of a sidecar without privileges. */
export const NOBODYS = { open: 7, foreign: 8, deaf: 9 } as const;
export type NobodysPin = keyof typeof NOBODYS;

/** Something that keeps pins from working, one after another: each takes the place of the one before. */
export interface Wall {
  readonly title: string;
  /** A line of the shell, run as root: the first one before the sidecar starts, the others among its own mounts. */
  readonly raise: (world: World) => string;
  readonly says: (world: World) => Partial<Record<NobodysPin, string | undefined>>;
  /** Pins that work now. */
  readonly pressed?: readonly NobodysPin[];
}

/** One sidecar without privileges meets one wall after another, and says what each is. */
export async function checkNobody(world: World): Promise<void> {
  const { device, driver } = world;
  let sidecar: Program | undefined;

  for (const { title, raise, says, pressed = [] } of driver.walls) {
    await check(title, async () => {
      if (sidecar) inside(sidecar, raise(world));
      else {
        execSync(raise(world));
        await device.forget();
        const pins = Object.entries(NOBODYS).map(([name, line]) => `${name}=${line}`);
        sidecar = startAsNobody({ ...driver.env, PINS: pins.join(', ') });
        world.sidecar = sidecar;
      }
      for (const [name, problem] of Object.entries(says(world))) await device.says(name, problem);
      for (const name of pressed) await assertPressed(world, name, NOBODYS[name]);
      assert.ok(sidecar.running, `it ended:\n${sidecar.log}`);
    });
  }

  await check('the unprivileged sidecar ends cleanly', async () => {
    assert.equal(await sidecar?.end('SIGTERM'), 0);
  });
}
