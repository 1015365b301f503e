import assert from 'node:assert/strict';
import { closeSync, openSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Channel, type Gesture, named } from './app.ts';
import { check, note } from './checks.ts';
import { type World, wall } from './world.ts';

export const LINE = 24;
const PRESSES = 2_000;
const EVERY_MS = 200;
const SEED = 20_261_121;
/** Half as long again as the presses take. */
const PATIENCE_MS = PRESSES * EVERY_MS * 1.5;
/** An event within this is of that press: the next one is far away. */
const CLOSE_MS = 50;
/** What is not still for longer than the debounce window, and the tick of a timer, need not be a press. */
const SHORTEST_MS = 26;

interface Press {
  readonly down: number;
  /** For how long the contact was still between its bounces. */
  readonly still: number;
}

type Between = (least: number, most: number) => number;

/** A button as cheap as they come: each edge bounces for 1 to 5 ms. */
export async function checkMany(world: World): Promise<void> {
  const { device, driver } = world;
  const wanted = `${PRESSES} presses of 30 to 80 ms, bouncing for 1 to 5 ms at each edge, at 5 a second`;

  await check(
    `${wanted}: ${driver.losesNone ? 'each comes, and none besides' : 'what is lost is noticed'}`,
    async () => {
      const pressed = await pressAll(world);
      await sleep(2_000);
      // Not before: what the app does at each event would take as long as the rest together.
      await world.startApp();
      const events = (await new Channel('many').rest()).filter(({ event }) => event === 'press');
      const presses: Gesture[] = events.map(({ data, event, at }) => ({ ...JSON.parse(data), event, at }));
      const { lost, invented, late } = compare(pressed, presses);
      const { missed = 0, level } = named(await device.now(), 'many');
      const stills = lost.map(({ still }) => `${still.toFixed(1)} ms`).join(', ');
      note(
        `${driver.name}, seed ${SEED}: ${pressed.length} presses, ${presses.length} press events, ${lost.length} lost${stills && ` (still for ${stills})`}, ${invented} invented, ${missed} edges known as missed, dated ${Math.min(...late).toFixed(1)} to ${Math.max(...late).toFixed(1)} ms after the first edge`,
      );
      assert.equal(level, 0, 'the level at the end');
      assert.equal(invented, 0, 'invented');
      if (driver.losesNone) assert.equal(lost.length, 0, 'lost');
      const unknown = lost.filter(({ still }) => still >= SHORTEST_MS).length - missed;
      assert.ok(unknown <= 0, `${unknown} lost, and nobody noticed`);
    },
    PATIENCE_MS,
  );
}

async function pressAll(world: World): Promise<Press[]> {
  const random = randomFrom(SEED);
  const between: Between = (least, most) => least + random() * (most - least);
  const file = openSync(world.chip.pullFile(LINE), 'w');
  const pressed: Press[] = [];
  const start = wall();
  for (let i = 0; i < PRESSES; i++) {
    await sleep(Math.max(0, start + i * EVERY_MS - wall()));
    const down = bounce(file, 'pull-down', 'pull-up', between);
    await sleep(Math.max(0, down.first + between(30, 80) - wall()));
    const up = bounce(file, 'pull-up', 'pull-down', between);
    pressed.push({ down: down.first, still: up.first - down.last });
  }
  closeSync(file);
  return pressed;
}

const nobodyWakes = new Int32Array(new SharedArrayBuffer(4));

/** Answers its first and its last edge. Sleeps between the edges: who reads them has the processor. */
function bounce(file: number, to: string, from: string, between: Between): { first: number; last: number } {
  const first = wall();
  const settled = first + between(1, 5);
  writeSync(file, to, 0);
  let last = wall();
  for (;;) {
    const apart = between(0.2, 1);
    const back = between(0.1, 0.5);
    if (last + apart + back >= settled) return { first, last };
    Atomics.wait(nobodyWakes, 0, 0, apart);
    writeSync(file, from, 0);
    Atomics.wait(nobodyWakes, 0, 0, back);
    writeSync(file, to, 0);
    last = wall();
  }
}

interface Compared {
  readonly lost: Press[];
  readonly invented: number;
  /** By how many milliseconds each event is dated after its press. */
  readonly late: number[];
}

/** Which press each event tells of: the one at its time, and each of one only. */
function compare(pressed: readonly Press[], events: readonly Gesture[]): Compared {
  const waiting = [...events];
  const lost: Press[] = [];
  const late: number[] = [];
  let invented = 0;
  for (const press of pressed) {
    while (waiting[0] && waiting[0].at < press.down - CLOSE_MS) {
      waiting.shift();
      invented++;
    }
    const event = waiting[0];
    if (event && event.at <= press.down + CLOSE_MS) {
      late.push(event.at - press.down);
      waiting.shift();
    } else lost.push(press);
  }
  return { lost, invented: invented + waiting.length, late };
}

/** Numbers from 0 to below 1, the same ones for the same seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
