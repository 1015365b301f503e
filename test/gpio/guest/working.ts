import assert from 'node:assert/strict';
import { Channel, type Gesture, post } from './app.ts';
import { check } from './checks.ts';
import type { Trace } from './trace.ts';
import { ACTIVE_HIGH, HOGGED, type World } from './world.ts';

export const PINS = `button=17, door=${ACTIVE_HIGH}:active-high, led=18:out:initial=1, lamp=22:out:safe=1, beyond=40, taken=${HOGGED}, held=6`;

/** Pins that work, beside some that do not. */
export async function checkWorking(world: World, trace: Trace): Promise<void> {
  const { device } = world;

  await check(
    'the header is found by its label beside another chip, and each pin says how it is',
    async () => {
      const state = await device.until((pin) => pin('button').gpio >= 0);
      const failing = (name: string, gpio: number, problem: string) => ({
        ...{ name, gpio, direction: 'in', level: null, problem },
      });
      assert.deepEqual(state, {
        state: 'degraded',
        driver: world.driver.name,
        pins: [
          { name: 'button', gpio: 17, direction: 'in', level: 0 },
          { name: 'door', gpio: ACTIVE_HIGH, direction: 'in', level: 0 },
          { name: 'led', gpio: 18, direction: 'out', level: 1 },
          { name: 'lamp', gpio: 22, direction: 'out', level: 0 },
          failing('beyond', 40, world.sentence('beyond', 'beyond', 40)),
          failing('taken', HOGGED, world.sentence('hogged', 'taken', HOGGED)),
          failing('held', 6, world.sentence('held', 'held', 6)),
        ],
      });
    },
  );

  for (const [name, line, how] of [
    ['button', 17, 'to ground'],
    ['door', ACTIVE_HIGH, 'to the supply, active-high'],
  ] as const) {
    await check(`a button wired ${how} is pressed, released and clicked, each at its time`, async () => {
      const heard = new Channel(name);
      const { down, up } = await world.press(line, 120);
      const held = up - down;
      const gestures = await heard.gestures(3);
      const said = gestures.map(({ event, press, gpio }) => [event, press, gpio]);
      assert.deepEqual(said, [
        ['press', 1, line],
        ['release', 1, line],
        ['click', 1, line],
      ]);
      const [press, release] = gestures as [Gesture, Gesture];
      assertClose(world, press.at, down, 'the press');
      assertClose(world, release.at, up, 'the release');
      assertClose(world, release.held ?? 0, held, 'how long it was held');
    });
  }

  await check('a button that is held is down in the device, until it is let go', async () => {
    world.chip.pull(17, 0);
    await device.until((pin) => pin('button').level === 1);
    world.chip.pull(17, 1);
    await device.until((pin) => pin('button').level === 0);
  });

  await check('an output begins at its first level, and never had another one', () => {
    assert.deepEqual([world.chip.value(18), world.chip.value(22)], [1, 0]);
    assert.ok(!trace.levels(world.chip.number(18)).includes(0), 'led was off for a moment');
    assert.ok(!trace.levels(world.chip.number(22)).includes(1), 'lamp was on for a moment');
  });

  await check('POST /pins/led switches it, and the device says so', async () => {
    for (const value of [0, 1, 0] as const) {
      const { status, body } = await post<object>('/pins/led', { value });
      assert.deepEqual([status, body], [200, { name: 'led', gpio: 18, direction: 'out', level: value }]);
      assert.equal(world.chip.value(18), value);
      await device.until((pin) => pin('led').level === value);
    }
  });
}

export function assertClose({ driver }: World, is: number, wanted: number, what: string): void {
  const off = is - wanted;
  assert.ok(Math.abs(off) <= driver.closeMs, `${what} is off by ${off.toFixed(3)} ms`);
}
