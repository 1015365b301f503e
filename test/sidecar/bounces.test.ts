import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Level } from '../../src/sidecar/drivers/driver.ts';
import type { Made } from '../../src/sidecar/gestures.ts';
import { Input } from '../../src/sidecar/input.ts';
import { type InputSpec, parsePins } from '../../src/sidecar/pins.ts';
import { FakeClock } from '../support/clock.ts';

/** From the bouncing contact to the gestures: debounce and gestures as Input puts them together, over edges as contacts make them. */

type Edge = readonly [level: Level, at: number];
/** The event loop stands still from the first time to the second. */
type Stall = readonly [from: number, to: number];

const WINDOW = 25;
const LONG = 800;
const DOUBLE = 300;
const END = 100_000;

/** What is made of edges, each heard at its time, or after the stall that it falls into. */
function played(
  edges: readonly Edge[],
  stalls: readonly Stall[] = [],
  options = '',
  lost: ReadonlySet<Edge> = new Set(),
): Made[] {
  const clock = new FakeClock();
  const made: Made[] = [];
  const [spec] = parsePins(`button=17:debounce=${WINDOW}ms${options}`, 'sse').pins;
  const input = new Input(spec as InputSpec, clock, { made: (one) => made.push(one), changed: () => {} });
  let wire: Level = 0;
  input.opened(0, () => wire);
  const hear = (edge: Edge) => {
    wire = edge[0];
    if (!lost.has(edge)) input.edge(...edge);
  };
  const waiting = [...edges];
  const goTo = (time: number) => {
    for (let next = waiting[0]; next && next[1] <= time; next = waiting[0]) {
      // A timer that is due at the time of an edge runs after it, as SystemClock promises.
      clock.advance(Math.max(0, next[1] - clock.now() - 0.001));
      clock.stall(next[1] - clock.now());
      while (waiting[0]?.[1] === next[1]) hear(waiting.shift() as Edge);
    }
    clock.advance(time - clock.now());
  };
  for (const [from, to] of stalls) {
    goTo(from);
    clock.stall(to - from);
    while (waiting[0] && waiting[0][1] <= to) hear(waiting.shift() as Edge);
  }
  goTo(END);
  return made;
}

function worded({ gesture, press, at, held }: Made): string {
  return `${gesture} #${press} at ${at}${held === undefined ? '' : `, held ${held}`}`;
}

/** One move of the contact: the level, and at which times after its first edge it bounces. */
function bouncing(level: Level, at: number, bounces: readonly number[]): Edge[] {
  const other = level === 1 ? 0 : 1;
  return [0, ...bounces].map((after, i) => [i % 2 === 0 ? level : other, at + after]);
}

/** A press and its release, each with bounces of up to 5 ms that end where the contact stays. */
interface Press {
  readonly pause: number;
  readonly held: number;
  readonly atPress: readonly number[];
  readonly atRelease: readonly number[];
}

/** Quarters of a millisecond, so that sums are exact. */
const quarters = (min: number, max: number) => fc.integer({ min: min * 4, max: max * 4 }).map((n) => n / 4);
const anyBounces = fc
  .uniqueArray(quarters(0.25, 5), { maxLength: 8 })
  .map((times) => times.sort((a, b) => a - b).slice(0, times.length - (times.length % 2)));
const anyTime = fc.oneof(
  { weight: 4, arbitrary: quarters(6, 80) },
  { weight: 2, arbitrary: quarters(WINDOW - 2, WINDOW + 8) },
  { weight: 1, arbitrary: quarters(200, 1_500) },
  { weight: 1, arbitrary: fc.constantFrom(WINDOW, DOUBLE, LONG, LONG - 1, LONG + 1) },
);
const anyPresses: fc.Arbitrary<Press[]> = fc.array(
  fc.record({ pause: anyTime, held: anyTime, atPress: anyBounces, atRelease: anyBounces }),
  { maxLength: 25 },
);
const anyStalls: fc.Arbitrary<Stall[]> = fc
  .array(fc.tuple(quarters(0, 600), quarters(1, 400)), { maxLength: 12 })
  .map((pairs) => {
    let at = 0;
    return pairs.map(([pause, long]) => {
      const from = at + pause;
      at = from + long;
      return [from, at];
    });
  });

function edgesOf(presses: readonly Press[]): Edge[] {
  let at = 1000;
  return presses.flatMap(({ pause, held, atPress, atRelease }) => {
    at += pause;
    const down = bouncing(1, at, atPress);
    at += held;
    return [...down, ...bouncing(0, at, atRelease)];
  });
}

/**
 * What is right, said in another way than the code does it: a stretch of the window or more without an edge shows where the
 * contact is; where two stretches that follow one another differ, it moved, at the end of the first one.
 */
function moves(edges: readonly Edge[]): Edge[] {
  const quiet: { level: Level; until: number }[] = [{ level: 0, until: edges[0]?.[1] ?? END }];
  edges.forEach(([level, at], i) => {
    const until = edges[i + 1]?.[1] ?? END;
    if (until - at >= WINDOW) quiet.push({ level, until });
  });
  return quiet.flatMap(({ level }, i) => {
    const before = quiet[i - 1];
    return before && before.level !== level ? [[level, before.until] as const] : [];
  });
}

function only(made: readonly Made[], ...gestures: string[]): string[] {
  return made.filter(({ gesture }) => gestures.includes(gesture)).map(worded);
}

test('for any presses with bounces: press and release alternate, none is invented and none lost, each at its first edge, held to the millisecond', () => {
  fc.assert(
    fc.property(anyPresses, (presses) => {
      const edges = edgesOf(presses);
      const right = moves(edges).map(([level, at], i, all) => {
        const number = Math.floor(i / 2) + 1;
        const pressedAt = all[i - 1]?.[1] ?? 0;
        return level === 1
          ? `press #${number} at ${at}`
          : `release #${number} at ${at}, held ${at - pressedAt}`;
      });
      assert.deepEqual(only(played(edges), 'press', 'release'), right);
    }),
    { numRuns: 500 },
  );
});

test('for any presses with bounces: one whose contact rests for the window after its bounces, between rests as long, is told exactly', () => {
  fc.assert(
    fc.property(anyPresses, (presses) => {
      const made = only(played(edgesOf(presses)), 'press').map((line) => line.replace(/^press #\d+ /, ''));
      const rests = (time: number, bounces: readonly number[]) => time - (bounces.at(-1) ?? 0) >= WINDOW;
      let at = 1000;
      presses.forEach(({ pause, held, atPress }, i) => {
        at += pause;
        const before = presses[i - 1];
        const apart = !before || rests(pause, before.atRelease);
        if (apart && rests(held, atPress)) assert.ok(made.includes(`at ${at}`), `the press at ${at} is lost`);
        at += held;
      });
    }),
    { numRuns: 500 },
  );
});

test('for any presses with bounces: each press ends in one click, half a double click or a long press, as its times say', () => {
  fc.assert(
    fc.property(anyPresses, (presses) => {
      const edges = edgesOf(presses);
      assert.deepEqual(
        only(played(edges), 'click', 'double-click', 'long-press').sort(),
        ends(moves(edges)).sort(),
      );
    }),
    { numRuns: 500 },
  );
});

/** How presses end, from the times of their moves alone. */
function ends(all: readonly Edge[]): string[] {
  const said: string[] = [];
  let first: string | undefined;
  for (let i = 0; i + 1 < all.length; i += 2) {
    const [down, up] = [all[i]?.[1] ?? 0, all[i + 1]?.[1] ?? 0];
    const number = i / 2 + 1;
    const soon = first !== undefined && down - (all[i - 1]?.[1] ?? 0) < DOUBLE;
    if (first !== undefined && !soon) said.push(first);
    const isLong = up - down >= LONG;
    if (isLong && soon) said.push(first as string);
    const end = `#${number} at ${up}, held ${up - down}`;
    if (isLong) said.push(`long-press #${number} at ${down + LONG}, held ${LONG}`);
    else if (soon) said.push(`double-click ${end}`);
    first = isLong || soon ? undefined : `click ${end}`;
  }
  return first === undefined ? said : [...said, first];
}

test('for any presses with bounces and any stalls: edges that come late give the same, in the same order', () => {
  fc.assert(
    fc.property(anyPresses, anyStalls, (presses, stalls) => {
      const edges = edgesOf(presses);
      assert.deepEqual(played(edges, stalls).map(worded), played(edges).map(worded));
    }),
    { numRuns: 500 },
  );
});

test('for any presses with bounces of which edges are lost: press and release still alternate, each at an edge that was heard', () => {
  const anyLoss = fc.infiniteStream(fc.integer({ min: 0, max: 3 }).map((dice) => dice === 0));
  fc.assert(
    fc.property(anyPresses, anyLoss, (presses, losses) => {
      const edges = edgesOf(presses);
      const lost = new Set(edges.filter(() => losses.next().value));
      const heard = new Set(edges.filter((edge) => !lost.has(edge)).map(([, at]) => at));
      const made = played(edges, [], '', lost).filter(({ gesture }) => /^(press|release)$/.test(gesture));
      made.forEach(({ gesture, at, held }, i) => {
        assert.equal(gesture, i % 2 === 0 ? 'press' : 'release');
        assert.ok(heard.has(at), `nothing was heard at ${at}`);
        if (gesture === 'release') assert.equal(held, at - (made[i - 1]?.at ?? 0));
      });
    }),
    { numRuns: 500 },
  );
});

describe('traces over edges as they come from a contact', () => {
  const PRESS = [0.5, 1, 2.25, 4];
  const RELEASE = [1, 3];
  const traces: { what: string; edges: Edge[]; options?: string; told: string[] }[] = [
    {
      what: 'a click',
      edges: [...bouncing(1, 1000, PRESS), ...bouncing(0, 1080, RELEASE)],
      told: ['press #1 at 1000', 'release #1 at 1080, held 80', 'click #1 at 1080, held 80'],
    },
    {
      what: 'a press of 30 ms with bounces of 5 ms at each end',
      edges: [...bouncing(1, 1000, [1, 5]), ...bouncing(0, 1030, [1, 5])],
      told: ['press #1 at 1000', 'release #1 at 1030, held 30', 'click #1 at 1030, held 30'],
    },
    {
      what: 'a press whose contact rests for less than the window is none',
      edges: [...bouncing(1, 1000, [1, 5.25]), ...bouncing(0, 1030, [1, 5])],
      told: [],
    },
    {
      what: 'a double click, its second press within 300 ms of the release, though settled after',
      edges: [
        ...bouncing(1, 1000, PRESS),
        ...bouncing(0, 1100, RELEASE),
        ...bouncing(1, 1399.75, PRESS),
        ...bouncing(0, 1500, RELEASE),
      ],
      told: [
        'press #1 at 1000',
        'release #1 at 1100, held 100',
        'press #2 at 1399.75',
        'release #2 at 1500, held 100.25',
        'double-click #2 at 1500, held 100.25',
      ],
    },
    {
      what: 'two clicks, the second 300 ms after the release',
      edges: [
        ...bouncing(1, 1000, PRESS),
        ...bouncing(0, 1100, RELEASE),
        ...bouncing(1, 1400, PRESS),
        ...bouncing(0, 1500, RELEASE),
      ],
      told: [
        'press #1 at 1000',
        'release #1 at 1100, held 100',
        'click #1 at 1100, held 100',
        'press #2 at 1400',
        'release #2 at 1500, held 100',
        'click #2 at 1500, held 100',
      ],
    },
    {
      what: 'a long press is counted from its first edge',
      edges: [...bouncing(1, 1000, PRESS), ...bouncing(0, 1800, RELEASE)],
      told: ['press #1 at 1000', 'long-press #1 at 1800, held 800', 'release #1 at 1800, held 800'],
    },
    {
      what: 'a release that begins just before the long press is due, and bounces across it, is a click',
      edges: [...bouncing(1, 1000, PRESS), ...bouncing(0, 1799, RELEASE)],
      told: ['press #1 at 1000', 'release #1 at 1799, held 799', 'click #1 at 1799, held 799'],
    },
    {
      what: 'a contact that trembles while it is held is held all the time',
      edges: [
        ...bouncing(1, 1000, PRESS),
        [0, 1200],
        [1, 1201],
        [0, 1203],
        [1, 1203.5],
        ...bouncing(0, 1900, RELEASE),
      ],
      told: ['press #1 at 1000', 'long-press #1 at 1800, held 800', 'release #1 at 1900, held 900'],
    },
    {
      what: 'a click, and a second press that becomes long',
      edges: [
        ...bouncing(1, 1000, PRESS),
        ...bouncing(0, 1100, RELEASE),
        ...bouncing(1, 1200, PRESS),
        ...bouncing(0, 2500, RELEASE),
      ],
      told: [
        'press #1 at 1000',
        'release #1 at 1100, held 100',
        'press #2 at 1200',
        'click #1 at 1100, held 100',
        'long-press #2 at 2000, held 800',
        'release #2 at 2500, held 1300',
      ],
    },
    {
      what: 'without long presses and double clicks each release is a click',
      edges: [
        ...bouncing(1, 1000, PRESS),
        ...bouncing(0, 3000, RELEASE),
        ...bouncing(1, 3100, PRESS),
        ...bouncing(0, 3200, RELEASE),
      ],
      options: ':long=0:double=0',
      told: [
        'press #1 at 1000',
        'release #1 at 3000, held 2000',
        'click #1 at 3000, held 2000',
        'press #2 at 3100',
        'release #2 at 3200, held 100',
        'click #2 at 3200, held 100',
      ],
    },
  ];
  for (const { what, edges, options, told } of traces) {
    test(what, () => assert.deepEqual(played(edges, [], options).map(worded), told));
  }
});
