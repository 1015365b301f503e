import assert from 'node:assert/strict';
import { syncBuiltinESMExports } from 'node:module';
import { test } from 'node:test';
import { BusError } from '../../src/bus/bus.ts';
import type { MemoryBoard } from '../../src/bus/memoryBoard.ts';
import type { Made } from '../../src/sidecar/gestures.ts';
import { Outbox } from '../../src/sidecar/outbox.ts';
import { type InputSpec, parsePins } from '../../src/sidecar/pins.ts';
import { FakeClock, settled } from '../support/clock.ts';
import { heldStore } from '../support/heldBus.ts';
import { loggedLines } from '../support/logged.ts';

const [BUTTON, DOOR] = parsePins('button=17, door=27', 'sse').pins as InputSpec[] as [InputSpec, InputSpec];

function outboxOf({ limit = 100, announce = 'sse' } = {}) {
  const clock = new FakeClock();
  clock.wallAtZero = Date.UTC(2026, 10, 20, 20, 0, 0);
  const { bus, board } = heldStore();
  const { log, lines } = loggedLines();
  const drops: number[] = [];
  const outbox: Outbox = new Outbox({
    bus,
    board,
    clock,
    log,
    limit,
    announce,
    dropped: () => drops.push(outbox.dropped),
  });
  const press = (press: number, at = clock.now(), pin = BUTTON) =>
    outbox.add(pin, { gesture: 'press', press, at });
  return { outbox, clock, bus, board, lines, drops, press };
}

const localTime = new Date(Date.UTC(2026, 10, 20, 20, 0, 0)).toLocaleString('sv');

test('a press is an event with its number, its time to the microsecond and its text, and a message on the announced channel', async () => {
  const { outbox, clock, bus, board } = outboxOf();
  clock.advance(3000);
  outbox.add(BUTTON, { gesture: 'press', press: 1, at: 0.125 });
  await outbox.empty();
  const text = `Button press #1 @ ${localTime}.000125`;
  const data = `{"pin":"button","gpio":17,"press":1,"at":"2026-11-20T20:00:00.000125Z","text":"${text}"}`;
  const at = clock.wallAtZero + 0.125;
  assert.deepEqual(
    bus.kept.map(({ event }) => event),
    [
      { channel: 'button', name: 'press', data, at },
      { channel: 'sse', name: 'message', data: text, at },
    ],
  );
  assert.deepEqual(await board.presses(), new Map([['button', 1]]));
});

test('the other gestures say how long the pin was held, and are not announced', async () => {
  const { outbox, bus } = outboxOf();
  const gestures: Made[] = [
    { gesture: 'release', press: 1, at: 0, held: 120.4 },
    { gesture: 'click', press: 1, at: 0, held: 120.4 },
    { gesture: 'double-click', press: 2, at: 0, held: 0.2 },
    { gesture: 'long-press', press: 3, at: 0, held: 800 },
  ];
  for (const made of gestures) outbox.add(BUTTON, made);
  await outbox.empty();
  assert.deepEqual(
    bus.kept.map(({ event }) => [
      event.channel,
      event.name,
      JSON.parse(event.data).press,
      JSON.parse(event.data).held,
    ]),
    [
      ['button', 'release', 1, 120],
      ['button', 'click', 1, 120],
      ['button', 'double-click', 2, 0],
      ['button', 'long-press', 3, 800],
    ],
  );
});

test('events carry the terms of the hardware, and only a press stores the count', async () => {
  const { outbox, bus, press } = outboxOf();
  press(1);
  outbox.add(BUTTON, { gesture: 'click', press: 1, at: 0, held: 100 });
  await outbox.empty();
  assert.ok(bus.kept.every(({ terms }) => terms.hardware === true));
  assert.deepEqual(
    bus.kept.map(({ terms }) => terms.presses),
    [{ pin: 'button', count: 1 }, undefined, undefined],
  );
  assert.deepEqual(
    bus.kept.map(({ terms }) => terms.producer?.seq),
    [1, 2, 3],
  );
});

test('nothing is announced when no channel is set for it', async () => {
  const { outbox, bus, press } = outboxOf({ announce: '' });
  press(1);
  await outbox.empty();
  assert.deepEqual(
    bus.kept.map(({ event }) => event.channel),
    ['button'],
  );
});

test('numbers go on from what the store has counted, for each pin', async () => {
  const { outbox, bus, board, press } = outboxOf({ announce: '' });
  board.pressCounts.set('button', 41);
  press(1);
  press(1, 0, DOOR);
  press(2);
  await outbox.empty();
  assert.deepEqual(
    bus.kept.map(({ event }) => [event.channel, JSON.parse(event.data).press]),
    [
      ['button', 42],
      ['door', 1],
      ['button', 43],
    ],
  );
  assert.deepEqual(
    await board.presses(),
    new Map([
      ['button', 43],
      ['door', 1],
    ]),
  );
});

test('what waited goes out in order, once, with the time at which it happened', async () => {
  const { outbox, clock, bus, press } = outboxOf({ announce: '' });
  bus.hold();
  for (let number = 1; number <= 50; number++) {
    clock.advance(200);
    press(number);
  }
  await settled();
  assert.equal(bus.kept.length, 0);
  assert.equal(outbox.waiting, 50);
  clock.advance(60_000);
  clock.wallAtZero += 3_600_000;
  bus.release();
  await outbox.empty();
  assert.deepEqual(
    bus.kept.map(({ event }) => [event.at - Date.UTC(2026, 10, 20, 20), JSON.parse(event.data).press]),
    Array.from({ length: 50 }, (_, i) => [(i + 1) * 200, i + 1]),
  );
  assert.equal(outbox.waiting, 0);
});

test('beyond the limit the oldest are dropped, counted, told and logged once for each burst', async () => {
  const { outbox, bus, lines, drops, press } = outboxOf({ limit: 3, announce: '' });
  const burst = async (first: number) => {
    bus.hold();
    for (let number = first; number < first + 6; number++) press(number);
    await settled();
    bus.release();
    await outbox.empty();
  };
  await burst(1);
  assert.deepEqual(drops, [1, 2, 3]);
  assert.equal(outbox.dropped, 3);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? '', /^warn: An event was dropped/);
  await burst(7);
  assert.equal(outbox.dropped, 6);
  assert.equal(lines.length, 2);
  // The first one was under way: it may have been stored already when the others were dropped.
  assert.deepEqual(
    bus.kept.map(({ event }) => JSON.parse(event.data).press),
    [1, 5, 6, 7, 11, 12],
  );
});

test('an event that the store refuses is counted, and the next ones go out', async () => {
  const { outbox, bus, drops, press } = outboxOf({ announce: '' });
  bus.refusal = new BusError('full', 'The store is full.');
  press(1);
  await outbox.empty();
  bus.refusal = undefined;
  press(2);
  await outbox.empty();
  assert.deepEqual(drops, [1]);
  assert.deepEqual(
    bus.kept.map(({ event }) => JSON.parse(event.data).press),
    [2],
  );
});

test('as long as the counts cannot be read, whatever the reason, events wait', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  syncBuiltinESMExports();
  t.after(() => {
    t.mock.timers.reset();
    syncBuiltinESMExports();
  });
  const { outbox, bus, board, press, drops } = outboxOf({ announce: '' });
  const counts = new Map([['button', 7]]);
  let asked = 0;
  (board as { presses: MemoryBoard['presses'] }).presses = async () => {
    asked++;
    if (asked === 1) throw new BusError('away', 'Redis is away.');
    if (asked === 2) throw new Error('something else');
    return counts;
  };
  press(1);
  press(2);
  for (let i = 0; i < 3; i++) {
    await settled();
    t.mock.timers.tick(2000);
  }
  await outbox.empty();
  assert.equal(asked, 3, 'once it is known it is not asked again');
  assert.deepEqual(drops, []);
  assert.deepEqual(
    bus.kept.map(({ event }) => JSON.parse(event.data).press),
    [8, 9],
  );
});

test('closing gives up what waits, and the log says how much that was, once', async () => {
  const { outbox, bus, lines, drops, press } = outboxOf({ announce: '' });
  bus.hold();
  press(1);
  press(2);
  press(3);
  await settled();
  outbox.close();
  await outbox.empty();
  assert.deepEqual(lines, ['error: Events were lost: the store could not be reached before the end.']);
  assert.equal(drops.length, 3);
});

test('closing with nothing left says nothing', async () => {
  const { outbox, lines, press } = outboxOf();
  press(1);
  await outbox.empty();
  outbox.close();
  assert.deepEqual(lines, []);
});
