import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { Channel, type Gesture, named } from './app.ts';
import { exported } from './board.ts';
import { check } from './checks.ts';
import { startRedis } from './program.ts';
import type { Trace } from './trace.ts';
import { assertClose, PINS } from './working.ts';
import { ACTIVE_HIGH, type World } from './world.ts';

const MORE_PINS = `${PINS}, bell=23`;
const PRESSES = 100;
const AWAY_MS = 10_000;
const EVERY_MS = 200;
/** An event within this is of that press: the next one is far away. */
const CLOSE_MS = 90;

/** Killed and started again: the sidecar, and Redis under it. */
export async function checkCrashes(world: World): Promise<void> {
  const { device, driver } = world;

  await check('after SIGKILL a new sidecar takes over what the old one left, and counts on', async () => {
    const button = new Channel('button');
    const before = (await button.rest()).filter(({ event }) => event === 'press').length;
    await world.sidecar?.end('SIGKILL');
    if (world.driver.exports) assert.ok(exported().length >= 6, `left behind: ${exported()}`);
    await device.forget();
    world.startSidecar(MORE_PINS);
    await device.until((pin) => pin('button').level === 0 && pin('bell').level === 0);
    assert.deepEqual(
      device.last?.pins.filter(({ problem }) => problem !== undefined).map(({ name }) => name),
      ['beyond'],
    );
    await world.press(17, 80);
    assert.deepEqual(
      (await button.gestures(1, 'press')).map(({ press }) => press),
      [before + 1],
    );
  });

  await check(
    `Redis away for 10 s amid ${PRESSES} presses: each comes once, in order, with its time`,
    async () => {
      const bell = new Channel('bell');
      const pressed: { down: number; up: number }[] = [];
      // When Redis is back everybody has much to do at once, on one slow processor: an edge may be heard 40 ms late then. A
      // driver that dates it when it is heard takes what is left of a shorter press for a bounce, and dates it as late.
      const ms = driver.losesNone ? 60 : 100;
      const cut = (async () => {
        await sleep(4_000);
        await world.redis?.end('SIGKILL');
        await sleep(AWAY_MS);
        world.redis = await startRedis();
      })();
      for (let i = 0; i < PRESSES; i++) {
        pressed.push(await world.press(23, ms));
        await sleep(EVERY_MS - ms);
      }
      await cut;
      const last = (pressed.at(-1) as { down: number }).down;
      const presses: Gesture[] = [];
      do presses.push(...(await bell.gestures(1, 'press')));
      while ((presses.at(-1) as Gesture).at < last - CLOSE_MS);
      await sleep(2_000);
      const rest = (await bell.rest()).filter(({ event }) => event === 'press');
      assert.equal(rest.length, 0, 'presses too many');
      assert.deepEqual(
        presses.map(({ press }) => press),
        presses.map((_, i) => i + 1),
      );
      const state = await device.now();
      assert.equal(state.dropped, undefined);
      const lost = pressed
        .filter(({ down }) => !presses.some(({ at }) => Math.abs(at - down) < CLOSE_MS))
        .map(({ down }) => new Date(down).toISOString());
      assert.deepEqual(lost, [], `lost; known as missed: ${named(state, 'bell').missed ?? 0} edges`);
      if (!driver.losesNone) return;
      for (const [i, { at, press }] of presses.entries()) {
        assertClose(world, at, (pressed[i] as { down: number }).down, `press ${press}`);
      }
    },
  );
}

/** A machine that is too busy: the sidecar gets no time while somebody presses. */
export async function checkStall(world: World): Promise<void> {
  const { device, driver } = world;
  const what = driver.losesNone ? 'comes all the same, at its time' : 'is known to be missing';
  await check(`a press that was over while the sidecar stood still ${what}`, async () => {
    const door = new Channel('door');
    await door.rest();
    const { sidecar } = world;
    process.kill(sidecar?.pid as number, 'SIGSTOP');
    const { down } = await world.press(ACTIVE_HIGH, 60);
    await sleep(60);
    process.kill(sidecar?.pid as number, 'SIGCONT');
    await sidecar?.says('The sidecar stood still');
    await sidecar?.says(driver.ofStalls);
    if (driver.losesNone) {
      const [press] = await door.gestures(1, 'press');
      assertClose(world, press?.at ?? 0, down, 'the press');
    } else {
      await device.until((pin) => pin('door').missed === 2);
    }
  });
}

export async function checkEnd(world: World, trace: Trace): Promise<void> {
  await check('on SIGTERM outputs go to their safe level, and nothing is left exported', async () => {
    const [led, lamp] = [world.chip.number(18), world.chip.number(22)];
    trace.clear();
    assert.equal(await world.sidecar?.end('SIGTERM'), 0);
    assert.equal(trace.levels(led).at(-1), 0, `led: ${trace.levels(led)}`);
    assert.equal(trace.levels(lamp).at(-1), 1, `lamp: ${trace.levels(lamp)}`);
    assert.deepEqual(exported(), []);
    await world.device.until((_, { state }) => state === 'offline');
  });
}
