import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Change, type Debounce, edge, reread, settle, still } from '../../src/sidecar/debounce.ts';
import type { Level } from '../../src/sidecar/drivers/driver.ts';

type Edge = readonly [level: Level, at: number];
const WINDOW = 25;

/** Feeds edges as they are, and looks once more long after the last one. */
function changes(edges: readonly Edge[], window = WINDOW, from: Level = 0): Change[] {
  const found: Change[] = [];
  let state = still(from);
  const take = (step: { state: Debounce; change?: Change }) => {
    state = step.state;
    if (step.change) found.push(step.change);
  };
  for (const [level, at] of edges) take(edge(state, window, level, at));
  take(settle(state, Number.MAX_SAFE_INTEGER));
  return found;
}

test('a bouncing press and release are two changes, at the time of their first edges', () => {
  const trace: Edge[] = [
    [1, 100],
    [0, 101],
    [1, 103],
    [0, 200],
    [1, 202],
    [0, 204],
  ];
  assert.deepEqual(changes(trace), [
    { level: 1, at: 100 },
    { level: 0, at: 200 },
  ]);
});

test('what is shorter than the window is a glitch, and what lasts for the window is none', () => {
  assert.deepEqual(
    changes([
      [1, 100],
      [0, 124.9],
    ]),
    [],
  );
  assert.deepEqual(
    changes([
      [1, 100],
      [0, 125],
    ]),
    [
      { level: 1, at: 100 },
      { level: 0, at: 125 },
    ],
  );
});

test('a glitch while the button is held is none of a release', () => {
  const trace: Edge[] = [
    [1, 100],
    [0, 200],
    [1, 210],
    [0, 300],
  ];
  assert.deepEqual(changes(trace), [
    { level: 1, at: 100 },
    { level: 0, at: 300 },
  ]);
});

test('the same level again is no edge and prolongs nothing', () => {
  const first = edge(still(0), WINDOW, 1, 100).state;
  assert.deepEqual(edge(first, WINDOW, 1, 110), { state: first });
  assert.deepEqual(settle(first, 125).change, { level: 1, at: 100 });
});

test('a train is judged when it was quiet for the window, not before', () => {
  const state = edge(still(0), WINDOW, 1, 100).state;
  assert.deepEqual(settle(state, 124.999), { state });
  assert.deepEqual(settle(state, 125), { state: still(1), change: { level: 1, at: 100 } });
});

test('without a window each edge is a change at once', () => {
  assert.deepEqual(edge(still(0), 0, 1, 100), { state: still(1), change: { level: 1, at: 100 } });
  assert.deepEqual(edge(still(1), 0, 0, 100), { state: still(0), change: { level: 0, at: 100 } });
  assert.deepEqual(edge(still(1), 0, 1, 100), { state: still(1) });
});

test('read again at the end, a lost edge prolongs the train and does not change when it began', () => {
  const bounced = edge(edge(still(0), WINDOW, 1, 100).state, WINDOW, 0, 102).state;
  const corrected = reread(bounced, WINDOW, 1, 127);
  assert.deepEqual(settle(corrected, 151), { state: corrected });
  assert.deepEqual(settle(corrected, 152).change, { level: 1, at: 100 });
});

test('read again at the end, a glitch whose second edge was lost stays a glitch', () => {
  const glitch = edge(still(0), WINDOW, 1, 100).state;
  assert.deepEqual(settle(reread(glitch, WINDOW, 0, 125), 150), { state: still(0) });
});

test('reading the same level, or without a train, changes nothing', () => {
  const state = edge(still(0), WINDOW, 1, 100).state;
  assert.equal(reread(state, WINDOW, 1, 125), state);
  const quiet = still(0);
  assert.equal(reread(quiet, WINDOW, 1, 125), quiet);
});

/** Any train of edges: pauses that are mostly around the window, levels that mostly alternate. */
const anyEdges = fc
  .array(
    fc.record({
      pause: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 80 }), fc.constant(WINDOW)),
      repeats: fc.integer({ min: 0, max: 9 }).map((dice) => dice === 0),
    }),
    { maxLength: 60 },
  )
  .map((steps): Edge[] => {
    let at = 1000;
    let level: Level = 0;
    return steps.map(({ pause, repeats }) => {
      at += pause;
      if (!repeats) level = level === 0 ? 1 : 0;
      return [level, at];
    });
  });
const anyWindow = fc.constantFrom(1, 5, WINDOW, 50);

test('for any train: changes alternate for ever, and their times go forward', () => {
  fc.assert(
    fc.property(anyEdges, anyWindow, (edges, window) => {
      let level: Level = 0;
      let at = Number.NEGATIVE_INFINITY;
      for (const change of changes(edges, window)) {
        assert.notEqual(change.level, level);
        assert.ok(change.at >= at);
        ({ level, at } = change);
      }
    }),
  );
});

test('for any train: none is invented; each change is an edge to that level, after which the level stayed for a window', () => {
  fc.assert(
    fc.property(anyEdges, anyWindow, (edges, window) => {
      for (const change of changes(edges, window)) {
        assert.ok(stays(edges).some(({ level, from }) => level === change.level && from === change.at));
        const later = stays(edges).filter(({ from }) => from >= change.at);
        const kept = later.find(({ lasted }) => lasted >= window);
        assert.equal(kept?.level, change.level);
      }
    }),
  );
});

test('for any train: no level that stayed for the window is lost', () => {
  fc.assert(
    fc.property(anyEdges, anyWindow, (edges, window) => {
      const found = changes(edges, window);
      for (const { level, from, lasted } of stays(edges)) {
        if (lasted < window) continue;
        const before = found.filter(({ at }) => at <= from);
        assert.equal(before.at(-1)?.level ?? 0, level);
      }
    }),
  );
});

test('for any train: without a window the changes are the edges', () => {
  fc.assert(
    fc.property(anyEdges, (edges) => {
      const moves = stays(edges).map(({ level, from }) => ({ level, at: from }));
      assert.deepEqual(changes(edges, 0), moves);
    }),
  );
});

test('for any train: edges that are delivered late, all at once, give the same as edges in time', () => {
  fc.assert(
    fc.property(anyEdges, anyWindow, (edges, window) => {
      const inTime: Change[] = [];
      let state = still(0);
      const take = (step: { state: Debounce; change?: Change }) => {
        state = step.state;
        if (step.change) inTime.push(step.change);
      };
      for (let at = 1000; at < 7000; at += 0.5) {
        for (const [level] of edges.filter((one) => one[1] === at)) take(edge(state, window, level, at));
        take(settle(state, at));
      }
      assert.deepEqual(inTime, changes(edges, window));
    }),
    { numRuns: 30 },
  );
});

/** How long the wire stayed at each level. */
function stays(edges: readonly Edge[]): { level: Level; from: number; lasted: number }[] {
  const moved = edges.filter(([level], i) => level !== (edges[i - 1]?.[0] ?? 0));
  return moved.map(([level, from], i) => ({
    level,
    from,
    lasted: (moved[i + 1]?.[1] ?? Number.POSITIVE_INFINITY) - from,
  }));
}
