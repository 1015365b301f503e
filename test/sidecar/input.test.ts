import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Level } from '../../src/sidecar/drivers/driver.ts';
import { Input } from '../../src/sidecar/input.ts';
import { type InputSpec, parsePins } from '../../src/sidecar/pins.ts';
import { FakeClock } from '../support/clock.ts';

/** An open button, whose wire a test moves. */
function button(options = '', first: Level = 0) {
  const clock = new FakeClock();
  const told: string[] = [];
  const spec = parsePins(`button=17${options}`, 'sse').pins[0] as InputSpec;
  const wire: { level: Level | undefined } = { level: first };
  const input = new Input(spec, clock, {
    made: ({ gesture, press, at }) => told.push(`${gesture} #${press} at ${at}`),
    changed: () => told.push(`level ${input.level}`),
  });
  input.opened(first, () => {
    if (wire.level === undefined) input.closed();
    return wire.level;
  });
  /** The wire moves and the edge is heard now. */
  const move = (level: Level) => {
    wire.level = level;
    input.edge(level, clock.now());
  };
  return { clock, input, told, wire, move };
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

test('a button that was released while its line was lost is released when it is found', () => {
  const { clock, input, told, move } = button();
  move(1);
  clock.advance(30);
  input.closed();
  clock.advance(70);
  input.opened(0, () => 0);
  clock.advance(400);
  assert.deepEqual(told, ['press #1 at 0', 'level 1', 'release #1 at 100', 'level 0', 'click #1 at 100']);
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
