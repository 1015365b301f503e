import assert from 'node:assert/strict';
import { Channel } from './app.ts';
import { check } from './checks.ts';
import type { Program } from './program.ts';
import { HEADER, HOGGED, type World } from './world.ts';

/** What comes over a pin while the sidecar runs. It stays up all the time. */
export async function checkTroubles(world: World, holder: Program): Promise<void> {
  const { device, board, driver } = world;
  const button = new Channel('button');

  await check('a line that another program held works by itself once that program has ended', async () => {
    await holder.end('SIGTERM');
    await device.says('held', undefined);
    await assertPressed(world, 'held', 6);
  });

  await check(driver.behindUs.title, async () => {
    await device.says('button', undefined);
    const problem = world.sentence('gone', 'button', 17);
    driver.behindUs.take(world.chip, 17);
    await device.says('button', problem);
    await device.says('button', undefined);
    await button.rest();
    await world.press(17, 80);
    assert.equal((await button.gestures(1, 'press')).length, 1);
  });

  await check('when the chip is removed, each pin says so', async () => {
    const problems = (
      [
        ['button', 17],
        ['led', 18],
      ] as const
    ).map(([name, gpio]) => [name, world.sentence('no chip', name, gpio)] as const);
    board.remove();
    for (const [name, problem] of problems) await device.says(name, problem);
    assert.ok(world.sidecar?.running, 'the sidecar ended');
  });

  await check(
    'when the chip is back, the pins work by themselves; also the one that was taken before',
    async () => {
      board.unhog(HEADER, HOGGED);
      board.add();
      world.rest();
      const names = ['button', 'door', 'led', 'lamp', 'taken', 'held'];
      await device.until((pin) => names.every((name) => pin(name).problem === undefined));
      await assertPressed(world, 'taken', HOGGED);
      await assertPressed(world, 'held', 6);
      assert.deepEqual([world.chip.value(18), world.chip.value(22)], [0, 0]);
    },
  );
}

/** One press is one press event. */
export async function assertPressed(
  world: World,
  name: string,
  line: number,
  chip = world.chip,
): Promise<void> {
  const channel = new Channel(name);
  const before = (await channel.rest()).filter(({ event }) => event === 'press').length;
  await world.press(line, 80, chip);
  const [press] = await channel.gestures(1, 'press');
  assert.deepEqual([press?.press, press?.gpio], [before + 1, line]);
}
