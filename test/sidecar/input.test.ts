import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Level } from '../../src/sidecar/drivers/driver.ts';
import { Input } from '../../src/sidecar/input.ts';
import { type InputSpec, parsePins } from '../../src/sidecar/pins.ts';
import { FakeClock } from '../support/clock.ts';

/** An open button, whose wire a test moves. */
function button(options = '', first: Level = 0, lag = 0) {
  const clock = new FakeClock();
  const told: string[] = [];
  const helds: (number | undefined)[] = [];
  const spec = parsePins(`button=17${options}`, 'sse').pins[0] as InputSpec;
  const wire: { level: Level | undefined } = { level: first };
  const input = new Input(spec, clock, {
    made: ({ gesture, press, at, held }) => {
      helds.push(held);
      told.push(`${gesture} #${press} at ${at}`);
    },
    changed: () => told.push(`level ${input.level}`),
  });
  input.opened(
    first,
    () => {
      if (wire.level === undefined) input.closed();
      return wire.level;
    },
    lag,
  );
  /** The wire moves and the edge is heard now. */
  const move = (level: Level) => {
    wire.level = level;
    input.edge(level, clock.now());
  };
  return { clock, input, told, helds, wire, move };
}

test('a press and a release become gestures, told when the window is over, at the time of the first edge', () => {
  const { clock, told, move } = button();
  clock.advance(1000);
  move(1);
  clock.advance(1);
  move(0);
  clock.advance(1);
  move(1);
  clock.advance(24);
  assert.deepEqual(told, []);
  clock.advance(1);
  assert.deepEqual(told, ['press #1 at 1000', 'level 1']);
  clock.advance(73);
  move(0);
  clock.advance(299);
  assert.deepEqual(told.slice(2), ['release #1 at 1100', 'level 0']);
  clock.advance(1);
  assert.deepEqual(told.slice(4), ['click #1 at 1100']);
  assert.equal(clock.timers, 0);
});

test('a long press is told while it is held', () => {
  const { clock, told, move } = button();
  move(1);
  clock.advance(800);
  assert.deepEqual(told, ['press #1 at 0', 'level 1', 'long-press #1 at 800']);
});

test('a button that is held at the start was not pressed, and its release says nothing', () => {
  const { clock, input, told, move } = button('', 1);
  assert.equal(input.level, 1);
  clock.advance(2000);
  move(0);
  clock.advance(1000);
  assert.deepEqual(told, ['level 0']);
});

test('a second press that begins just before the click is due, and is settled after it, makes a double click', () => {
  const { clock, told, move } = button();
  move(1);
  clock.advance(100);
  move(0);
  clock.advance(290);
  move(1);
  clock.advance(100);
  move(0);
  clock.advance(1000);
  assert.deepEqual(
    told.filter((line) => !line.startsWith('level')),
    ['press #1 at 0', 'release #1 at 100', 'press #2 at 390', 'release #2 at 490', 'double-click #2 at 490'],
  );
});

test('a glitch just before the click is due does not lose the click', () => {
  const { clock, told, move } = button();
  move(1);
  clock.advance(100);
  move(0);
  clock.advance(290);
  move(1);
  clock.advance(5);
  move(0);
  clock.advance(30);
  assert.equal(told.at(-1), 'click #1 at 100');
});

test('edges that come late but with their times lose nothing', () => {
  const { clock, input, told, wire } = button();
  clock.stall(2000);
  for (const [level, at] of [
    [1, 100],
    [0, 101],
    [1, 102],
    [0, 200],
    [1, 350],
    [0, 450],
    [1, 1000],
    [0, 1100],
  ] as const) {
    input.edge(level, at);
  }
  wire.level = 0;
  clock.advance(1000);
  assert.deepEqual(
    told.filter((line) => !line.startsWith('level')),
    [
      'press #1 at 100',
      'release #1 at 200',
      'press #2 at 350',
      'release #2 at 450',
      'double-click #2 at 450',
      'press #3 at 1000',
      'release #3 at 1100',
      'click #3 at 1100',
    ],
  );
});

test('the level is read again at the end of the window: a lost edge of the bouncing costs nothing', () => {
  const { clock, input, told, wire } = button();
  input.edge(1, 0);
  clock.advance(2);
  input.edge(0, 2);
  wire.level = 1;
  clock.advance(100);
  assert.deepEqual(told, ['press #1 at 0', 'level 1']);
});

test('the level is read again at the end of the window: a glitch whose end was lost is no press', () => {
  const { clock, input, told } = button();
  input.edge(1, 0);
  clock.advance(1000);
  assert.deepEqual(told, []);
});

test('without a window a press is told at once', () => {
  const { told, move } = button(':debounce=0');
  move(1);
  assert.deepEqual(told, ['press #1 at 0', 'level 1']);
});

test('a line that is lost tells nothing and keeps no timer', () => {
  const { clock, input, told, move } = button();
  move(1);
  clock.advance(30);
  input.closed();
  assert.equal(clock.timers, 0);
  clock.advance(2000);
  move(0);
  clock.advance(2000);
  assert.deepEqual(told, ['press #1 at 0', 'level 1']);
});

test('a line that is lost while it is read again tells nothing and keeps no timer', () => {
  const { clock, input, told, wire, move } = button();
  move(1);
  wire.level = undefined;
  clock.advance(1000);
  assert.deepEqual(told, []);
  assert.equal(clock.timers, 0);
  input.opened(0, () => 0);
  clock.advance(1000);
  assert.deepEqual(told, []);
});

test('a tap that ended while its line was lost is released when that is found, and nobody says how long it was', () => {
  const { clock, input, told, helds, move } = button();
  move(1);
  clock.advance(30);
  input.closed();
  clock.advance(1000);
  assert.equal(
    input.opened(0, () => 0),
    true,
  );
  clock.advance(2000);
  assert.deepEqual(told, ['press #1 at 0', 'level 1', 'release #1 at 1030', 'level 0']);
  assert.deepEqual(helds, [undefined, undefined]);
});

test('the click before a press that nobody saw the end of is a click', () => {
  const { clock, input, told, move } = button();
  move(1);
  clock.advance(100);
  move(0);
  clock.advance(200);
  move(1);
  clock.advance(30);
  input.closed();
  clock.advance(1000);
  input.opened(0, () => 0);
  clock.advance(2000);
  assert.deepEqual(
    told.filter((line) => !line.startsWith('level')),
    ['press #1 at 0', 'release #1 at 100', 'press #2 at 300', 'click #1 at 100', 'release #2 at 1330'],
  );
});

test('a button that is still held when its line is back is held on', () => {
  const { clock, input, told, wire, move } = button();
  move(1);
  clock.advance(30);
  input.closed();
  clock.advance(1000);
  assert.equal(
    input.opened(1, () => wire.level),
    false,
  );
  move(0);
  clock.advance(1000);
  assert.deepEqual(told, [
    'press #1 at 0',
    'level 1',
    'long-press #1 at 800',
    'release #1 at 1030',
    'level 0',
  ]);
});

test('the level at the very start was not missed', () => {
  const { input } = button();
  input.closed();
  assert.equal(
    input.opened(0, () => 0),
    false,
  );
});

test('a press that was just long enough is one, though its release is read before it is heard', () => {
  const { clock, told, wire, move } = button();
  move(1);
  clock.advance(24);
  wire.level = 0;
  clock.advance(3);
  move(0);
  clock.advance(1000);
  assert.deepEqual(told, ['press #1 at 0', 'level 1', 'release #1 at 27', 'level 0', 'click #1 at 27']);
});

test('a driver that tells late makes no long press of a click', () => {
  const { clock, input, told, wire } = button('', 0, 20);
  clock.advance(1009);
  wire.level = 1;
  input.edge(1, 1004);
  clock.advance(800);
  wire.level = 0;
  input.edge(0, 1800);
  clock.advance(1000);
  assert.deepEqual(told, [
    'press #1 at 1004',
    'level 1',
    'release #1 at 1800',
    'level 0',
    'click #1 at 1800',
  ]);
});

test('a driver that tells late makes no two clicks of a double click', () => {
  const { clock, input, told, wire } = button('', 0, 20);
  const hear = (level: Level, at: number) => {
    clock.advance(at + 19 - clock.now());
    wire.level = level;
    input.edge(level, at);
  };
  hear(1, 1000);
  hear(0, 1100);
  hear(1, 1396);
  hear(0, 1500);
  clock.advance(1000);
  assert.equal(told.at(-2), 'double-click #2 at 1500');
  assert.equal(told.includes('click #1 at 1100'), false);
});

test('a driver that tells late makes no two clicks of a double click though a glitch comes between them', () => {
  const { clock, input, told, wire } = button('', 0, 20);
  const hear = (level: Level, at: number, heard: number) => {
    clock.advance(heard - clock.now());
    wire.level = level;
    input.edge(level, at);
  };
  hear(1, 1000, 1005);
  hear(0, 1100, 1105);
  hear(1, 1372, 1375);
  hear(0, 1376, 1379);
  hear(1, 1398, 1410);
  hear(0, 1500, 1505);
  clock.advance(1000);
  assert.equal(told.at(-2), 'double-click #2 at 1500');
});

test('what a driver that tells late has not told by then was not', () => {
  const { clock, input, told, wire } = button('', 0, 20);
  wire.level = 1;
  input.edge(1, 0);
  clock.advance(819);
  assert.equal(told.length, 2);
  clock.advance(1);
  assert.deepEqual(told.slice(2), ['long-press #1 at 800']);
});

test('an edge that was not judged when its line was lost is forgotten', () => {
  const { clock, input, told, move } = button();
  move(1);
  clock.advance(10);
  input.closed();
  clock.advance(1000);
  input.opened(0, () => 0);
  clock.advance(1000);
  assert.deepEqual(told, []);
});
