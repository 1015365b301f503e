import { check } from './checks.ts';
import { startSidecar } from './program.ts';
import { assertPressed } from './troubles.ts';
import { FOREIGN, type World } from './world.ts';

/** GPIO_CHIP names another chip than the header's. */
export async function checkChips(world: World): Promise<void> {
  const chip = world.board.chip(FOREIGN);
  const wanted = { byLabel: [FOREIGN, 3], byName: [chip.name, 4] } as const;
  const sidecars = Object.entries(wanted).map(([name, [GPIO_CHIP, line]]) =>
    startSidecar({ ...world.driver.env, PINS: `${name}=${line}`, GPIO_CHIP }),
  );
  for (const [name, [given, line]] of Object.entries(wanted)) {
    await check(`GPIO_CHIP=${given} takes the pins of that chip`, async () => {
      for (const sidecar of sidecars) await sidecar.says('The sidecar watches');
      await assertPressed(world, name, line, chip);
    });
  }
  for (const sidecar of sidecars) await sidecar.end('SIGTERM');
}
