import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Level } from '../../src/sidecar/drivers/driver.ts';
import {
  change,
  deadline,
  type GestureTimes,
  type Made,
  NO_GESTURES,
  passTime,
} from '../../src/sidecar/gestures.ts';

const TIMES: GestureTimes = { long: 800, double: 300 };

/** Moves at these times, press and release in turn; says each gesture as `time gesture #press at, held`. */
function told(moves: readonly number[], times = TIMES, until = 10_000): string[] {
  const lines: string[] = [];
  let state = NO_GESTURES;
  const say = (now: number, step: ReturnType<typeof passTime>) => {
    state = step.state;
    for (const made of step.made) lines.push(`${now} ${worded(made)}`);
  };
  const waitUntil = (now: number) => {
    for (let due = deadline(state, times); due !== undefined && due < now; due = deadline(state, times)) {
      say(due, passTime(state, times, due));
    }
  };
  moves.forEach((at, i) => {
    waitUntil(at);
    say(at, change(state, times, i % 2 === 0 ? 1 : 0, at));
  });
  waitUntil(until);
  return lines;
}

function worded({ gesture, press, at, held }: Made): string {
  return `${gesture} #${press} at ${at}${held === undefined ? '' : `, held ${held}`}`;
}

describe('traces', () => {
  const traces: { what: string; moves: number[]; times?: GestureTimes; told: string[] }[] = [
    {
      what: 'a click is said when no second press came',
      moves: [1000, 1120],
      told: ['1000 press #1 at 1000', '1120 release #1 at 1120, held 120', '1420 click #1 at 1120, held 120'],
    },
    {
      what: 'a double click is said at its second release',
      moves: [1000, 1100, 1300, 1450],
      told: [
        '1000 press #1 at 1000',
        '1100 release #1 at 1100, held 100',
        '1300 press #2 at 1300',
        '1450 release #2 at 1450, held 150',
        '1450 double-click #2 at 1450, held 150',
      ],
    },
    {
      what: 'a second press that comes just in time makes a double click',
      moves: [1000, 1100, 1399, 1500],
      told: [
        '1000 press #1 at 1000',
        '1100 release #1 at 1100, held 100',
        '1399 press #2 at 1399',
        '1500 release #2 at 1500, held 101',
        '1500 double-click #2 at 1500, held 101',
      ],
    },
    {
      what: 'a second press that comes just too late makes two clicks',
      moves: [1000, 1100, 1400, 1500],
      told: [
        '1000 press #1 at 1000',
        '1100 release #1 at 1100, held 100',
        '1400 click #1 at 1100, held 100',
        '1400 press #2 at 1400',
        '1500 release #2 at 1500, held 100',
        '1800 click #2 at 1500, held 100',
      ],
    },
    {
      what: 'a third press begins anew',
      moves: [1000, 1100, 1200, 1300, 1400, 1500],
      told: [
        '1000 press #1 at 1000',
        '1100 release #1 at 1100, held 100',
        '1200 press #2 at 1200',
        '1300 release #2 at 1300, held 100',
        '1300 double-click #2 at 1300, held 100',
        '1400 press #3 at 1400',
        '1500 release #3 at 1500, held 100',
        '1800 click #3 at 1500, held 100',
      ],
    },
    {
      what: 'a long press is said while it is held, and its release is no click',
      moves: [1000, 3000],
      told: [
        '1000 press #1 at 1000',
        '1800 long-press #1 at 1800, held 800',
        '3000 release #1 at 3000, held 2000',
      ],
    },
    {
      what: 'held for just so long is a long press',
      moves: [1000, 1800],
      told: [
        '1000 press #1 at 1000',
        '1800 long-press #1 at 1800, held 800',
        '1800 release #1 at 1800, held 800',
      ],
    },
    {
      what: 'held for just not so long is a click',
      moves: [1000, 1799],
      told: ['1000 press #1 at 1000', '1799 release #1 at 1799, held 799', '2099 click #1 at 1799, held 799'],
    },
    {
      what: 'a second press that becomes long leaves the first one a click',
      moves: [1000, 1100, 1200, 2500],
      told: [
        '1000 press #1 at 1000',
        '1100 release #1 at 1100, held 100',
        '1200 press #2 at 1200',
        '2000 click #1 at 1100, held 100',
        '2000 long-press #2 at 2000, held 800',
        '2500 release #2 at 2500, held 1300',
      ],
    },
    {
      what: 'without double clicks a click is said at once',
      moves: [1000, 1100, 1150, 1250],
      times: { long: 800, double: 0 },
      told: [
        '1000 press #1 at 1000',
        '1100 release #1 at 1100, held 100',
        '1100 click #1 at 1100, held 100',
        '1150 press #2 at 1150',
        '1250 release #2 at 1250, held 100',
        '1250 click #2 at 1250, held 100',
      ],
    },
    {
      what: 'without long presses every release is a click',
      moves: [1000, 6000],
      times: { long: 0, double: 0 },
      told: [
        '1000 press #1 at 1000',
        '6000 release #1 at 6000, held 5000',
        '6000 click #1 at 6000, held 5000',
      ],
    },
  ];
  for (const { what, moves, times, told: expected } of traces) {
    test(what, () => assert.deepEqual(told(moves, times), expected));
  }
});

test('a release without a press says nothing', () => {
  assert.deepEqual(change(NO_GESTURES, TIMES, 0, 1000), { state: NO_GESTURES, made: [] });
});

test('time that passed unnoticed is made up for at the next change', () => {
  const pressed = change(NO_GESTURES, TIMES, 1, 1000);
  const released = change(pressed.state, TIMES, 0, 5000);
  assert.deepEqual(released.made.map(worded), [
    'long-press #1 at 1800, held 800',
    'release #1 at 5000, held 4000',
  ]);
});

test('deadlines: the long press while held, the click while it waits, none else', () => {
  assert.equal(deadline(NO_GESTURES, TIMES), undefined);
  const pressed = change(NO_GESTURES, TIMES, 1, 1000).state;
  assert.equal(deadline(pressed, TIMES), 1800);
  assert.equal(deadline(pressed, { ...TIMES, long: 0 }), undefined);
  assert.equal(deadline(passTime(pressed, TIMES, 1800).state, TIMES), undefined);
  const released = change(pressed, TIMES, 0, 1100).state;
  assert.equal(deadline(released, TIMES), 1400);
  assert.equal(deadline(passTime(released, TIMES, 1400).state, TIMES), undefined);
});

test('for any presses: each has one press and one release, and ends in one click, half a double click or a long press', () => {
  const pauses = fc.array(fc.tuple(fc.integer({ min: 1, max: 1500 }), fc.integer({ min: 1, max: 600 })), {
    maxLength: 30,
  });
  const times = fc.record({ long: fc.constantFrom(0, 1, 800), double: fc.constantFrom(0, 1, 300) });
  fc.assert(
    fc.property(pauses, times, fc.boolean(), (presses, times, looks) => {
      let state = NO_GESTURES;
      const made: Made[] = [];
      const say = (step: ReturnType<typeof passTime>) => {
        state = step.state;
        made.push(...step.made);
      };
      let at = 1000;
      const move = (level: Level, wait: number) => {
        say(change(state, times, level, at));
        // Whether somebody looks at each deadline makes no difference to what is said.
        for (let now = at; looks && now < at + wait; now += 50) say(passTime(state, times, now));
        at += wait;
      };
      for (const [held, pause] of presses) {
        move(1, held);
        move(0, pause);
      }
      say(passTime(state, times, at + 10_000));
      presses.forEach(([held], i) => {
        const of = (gesture: string) => made.filter((one) => one.gesture === gesture && one.press === i + 1);
        assert.equal(of('press').length, 1);
        assert.deepEqual(
          of('release').map((one) => one.held),
          [held],
        );
        const second = made.filter((one) => one.gesture === 'double-click' && one.press === i + 2);
        const ends = [...of('click'), ...of('double-click'), ...second, ...of('long-press')];
        assert.equal(ends.length, 1);
        assert.equal(of('long-press').length, times.long > 0 && held >= times.long ? 1 : 0);
      });
    }),
  );
});
