import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Lane } from '../../src/browser/page/timeline/lane.ts';
import { Model } from '../../src/browser/page/timeline/model.ts';
import { MOST_PRESSES } from '../../src/browser/page/timeline/presses.ts';

// Hours begin with those of the clock on the wall, and there are zones that are half an hour off.
process.env.TZ = 'UTC';

const NOW = Date.parse('2026-11-20T20:00:00Z');
const HOUR = 3_600_000;
const INPUT = { name: 'button', gpio: 17, direction: 'in', level: 0 } as const;
const OUTPUT = { name: 'led', gpio: 18, direction: 'out', level: 0 } as const;

describe('what the timeline knows', () => {
  test('a press lasts until its release; until then it goes on', () => {
    const { model, lane } = started();
    model.event(gesture('press', 1, NOW - 5_000));
    assert.deepEqual(bars(lane()), [[-5_000, undefined]]);
    model.event(gesture('release', 1, NOW - 3_800, 1_200));
    model.event(gesture('click', 1, NOW - 3_800, 1_200));
    assert.deepEqual(bars(lane()), [[-5_000, -3_800]]);
    assert.equal(lane().newest?.gesture, 'click');
  });

  test('a release whose press is not known any more tells when it began', () => {
    const { model, lane } = started();
    model.event(gesture('release', 7, NOW - 1_000, 400));
    assert.deepEqual(bars(lane()), [[-1_400, -1_000]]);
    model.event(gesture('press', 7, NOW - 1_400));
    assert.deepEqual(bars(lane()), [[-1_400, -1_000]], 'its press, which comes later, is no second one');
    model.event(gesture('release', 8, NOW - 500));
    assert.equal(lane().size, 1, 'how long it was held nobody knows');
  });

  test('the order does not matter, and what is told twice counts once', () => {
    const events = Array.from({ length: 40 }, (_, i) => [
      gesture('press', i + 1, NOW - 60_000 + i * 1_000),
      gesture('release', i + 1, NOW - 60_000 + i * 1_000 + 300, 300),
    ]).flat();
    const { model, lane } = started();
    for (const event of events) model.event(event);
    const { model: other, lane: otherLane } = started();
    for (const event of [...events.toReversed(), ...events]) other.event(event);
    assert.equal(lane().size, 40);
    assert.deepEqual(bars(otherLane()), bars(lane()));
    assert.deepEqual(counts(otherLane()), counts(lane()));
  });

  test('the same number in a new store is another press', () => {
    const { model, lane } = started();
    model.event(gesture('press', 1, NOW - HOUR));
    model.event(gesture('release', 1, NOW - HOUR + 100, 100));
    model.event(gesture('press', 1, NOW - 1_000));
    model.event(gesture('release', 1, NOW - 800, 200));
    assert.deepEqual(bars(lane()), [
      [-HOUR, -HOUR + 100],
      [-1_000, -800],
    ]);
  });

  test('a press whose release was lost does not go on for ever', () => {
    const { model, lane } = started();
    model.event(gesture('press', 1, NOW - 9_000));
    model.event(gesture('press', 2, NOW - 5_000));
    assert.deepEqual(bars(lane()), [
      [-9_000, -5_000],
      [-5_000, undefined],
    ]);
    model.event(state(NOW - 2_000, 'offline', [{ ...INPUT, level: null }]));
    assert.deepEqual(bars(lane())[1], [-5_000, -2_000]);
  });

  test('stays bounded under 10,000 presses, which stay counted', () => {
    const { model, lane } = started();
    for (let i = 1; i <= 10_000; i++) {
      model.event(gesture('press', i, NOW - 10_000 + i));
      model.event(gesture('release', i, NOW - 10_000 + i, 0));
    }
    assert.equal(lane().size, MOST_PRESSES);
    assert.equal(lane().newest?.n, 10_000);
    model.event(gesture('press', 3, NOW - 9_997));
    assert.equal(lane().size, MOST_PRESSES, 'what was dropped is not taken in again');
    assert.equal(
      lane()
        .hours(NOW)
        .reduce((sum, { count = 0 }) => sum + count, 0),
      10_000,
    );
    assert.equal(lane().marked, NOW - 2_000, 'before that, single presses are not known');
  });

  test('what is older than a day goes', () => {
    const { model, lane } = started();
    model.event(gesture('press', 1, NOW - 23 * HOUR));
    model.event(state(NOW - 23 * HOUR, 'online', [INPUT]));
    model.event(gesture('press', 2, NOW));
    model.forget(NOW + 2 * HOUR);
    assert.deepEqual(bars(lane()), [[0, undefined]]);
    assert.equal(lane().known, NOW - 22 * HOUR);
  });

  test('what comes before the pins are known is not lost', () => {
    const model = new Model();
    model.event(gesture('press', 1, NOW - 1_000));
    model.event(state(NOW - 900, 'online', [OUTPUT]));
    assert.deepEqual(model.device(device([INPUT, OUTPUT]), NOW), ['button', 'led']);
    assert.deepEqual(bars(model.lanes[0] as Lane), [[-1_000, undefined]]);
    assert.equal(model.lanes[1]?.level?.level, 0);
  });

  test('what nobody can understand is no mark', () => {
    const { model, lane } = started();
    for (const data of ['', 'null', '[1]', '{"press":"1"}', '{', '{"press":1,"held":-5}'])
      model.event({ channel: 'button', name: 'release', data, at: NOW, id: 'e-1' });
    model.event({ channel: 'button', name: 'message', data: '{"press":1}', at: NOW, id: 'e-2' });
    model.event({ channel: 'device', name: 'state', data: '{"pins":3}', at: NOW, id: 'e-3' });
    assert.equal(lane().size, 0);
  });

  test('pins that are gone take their marks with them; a sidecar that is away does not', () => {
    const { model } = started();
    model.event(gesture('press', 1, NOW));
    assert.deepEqual(model.device({ state: 'offline', driver: null, pins: [] }, NOW), []);
    assert.equal(model.lanes.length, 1);
    assert.deepEqual(model.device(device([OUTPUT]), NOW), ['led']);
    assert.deepEqual(
      model.lanes.map(({ name }) => name),
      ['led'],
    );
  });
});

describe('the level of an output', () => {
  test('lasts until the device says another one', () => {
    const { model, lane } = started(OUTPUT);
    const say = (at: number, change: object) =>
      model.event(state(NOW + at, 'online', [{ ...OUTPUT, ...change }]));
    say(-4_000, { level: 1 });
    say(-9_000, { level: 0 });
    say(-3_500, { level: 1 });
    say(-2_000, { level: 1, blink: 300 });
    say(-1_000, { level: 0 });
    const levels = lane()
      .levels(NOW - HOUR, NOW)
      .map(({ at, to, level, blink }) => [at - NOW, to === undefined ? to : to - NOW, level, blink]);
    assert.deepEqual(levels, [
      [-9_000, -4_000, 0, undefined],
      [-4_000, -2_000, 1, undefined],
      [-2_000, -1_000, 1, 300],
      [-1_000, undefined, 0, undefined],
    ]);
  });

  test('is not known while nobody is watching', () => {
    const { model, lane } = started(OUTPUT);
    model.event(state(NOW - 5_000, 'online', [{ ...OUTPUT, level: 1 }]));
    model.event(state(NOW - 3_000, 'offline', [{ ...OUTPUT, level: 1 }]));
    assert.deepEqual({ ...lane().level }, { at: NOW - 3_000, level: null, blink: undefined, watched: false });
  });
});

describe('a gap', () => {
  test('reaches from the last event that was known to the first one after it', () => {
    const { model, lane } = started();
    model.event(gesture('press', 1, NOW - 60_000));
    model.gap({ channel: 'button', certain: true }, NOW);
    assert.deepEqual(gaps(lane()), [[-60_000, 0]]);
    model.event(gesture('press', 30, NOW - 20_000));
    model.event(gesture('press', 31, NOW - 10_000));
    model.event(gesture('press', 1, NOW - 60_000));
    assert.deepEqual(gaps(lane()), [[-60_000, -20_000]]);
  });

  test('concerns its own channel, or those that its pattern means', () => {
    const { model, lane } = started();
    model.gap({ channel: 'door', certain: true }, NOW);
    model.gap({ channel: 'b', certain: true }, NOW);
    assert.deepEqual(lane().gaps, []);
    model.gap({ channel: 'but*', certain: false }, NOW);
    assert.equal(lane().gaps.length, 1);
  });

  test('of the device breaks the outputs, whose levels it tells, and no input', () => {
    const { model, lane } = started(OUTPUT);
    model.event(state(NOW - 60_000, 'online', [{ ...OUTPUT, level: 1 }]));
    model.gap({ channel: 'device', certain: true }, NOW);
    assert.deepEqual(gaps(lane()), [[-60_000, 0]]);
    const input = started();
    input.model.gap({ channel: 'device', certain: true }, NOW);
    assert.deepEqual(input.lane().gaps, []);
  });

  test('of the whole store begins with the newest event of all, and ends with the first of the new store', () => {
    const model = new Model();
    model.device(device([INPUT, OUTPUT]), NOW);
    model.event(gesture('press', 1, NOW - HOUR));
    model.event({ channel: 'base', name: 'message', data: 'x', at: NOW - 30_000, id: 'e-9' });
    model.gap({ certain: true }, NOW);
    for (const lane of model.lanes) assert.deepEqual(gaps(lane), [[-30_000, 0]]);
    model.event(state(NOW - 5_000, 'online', [INPUT, OUTPUT]));
    for (const lane of model.lanes) assert.deepEqual(gaps(lane), [[-30_000, -5_000]]);
  });
});

describe('the hours', () => {
  test('are counted, and are not nought where nothing is known', () => {
    const { model, lane } = started();
    model.event(gesture('press', 42, NOW - 3 * HOUR + 1));
    model.event(gesture('press', 43, NOW - HOUR + 1));
    model.event(gesture('press', 44, NOW - HOUR + 2));
    model.event(gesture('press', 45, NOW + 60_000));
    const hours = lane().hours(NOW + 120_000);
    assert.equal(hours.length, 24);
    assert.deepEqual(
      hours.slice(-5).map(({ count, whole }) => [count, whole]),
      [
        [undefined, false],
        [1, false],
        [0, true],
        [2, true],
        [1, false],
      ],
    );
  });

  test('reach back to the first word of the device when the very first press is known', () => {
    const { model, lane } = started();
    model.event(state(NOW - 10 * HOUR, 'online', [INPUT]));
    model.told('button');
    assert.equal(lane().known, NOW - 10 * HOUR);
    const { model: other, lane: otherLane } = started();
    other.event(state(NOW - 10 * HOUR, 'online', [INPUT]));
    other.event(gesture('press', 42, NOW - HOUR));
    other.told('button');
    assert.equal(otherLane().known, NOW - HOUR, 'its log begins later');
  });

  test('with a gap or without a sidecar there may have been more', () => {
    const { model, lane } = started();
    model.event(gesture('press', 1, NOW - 6 * HOUR));
    model.event(state(NOW - 4.5 * HOUR, 'offline', [INPUT]));
    model.event(state(NOW - 2.5 * HOUR, 'online', [INPUT]));
    assert.deepEqual(
      lane()
        .hours(NOW + 1)
        .slice(-7)
        .map(({ count, whole }) => [count, whole]),
      [
        [1, true],
        [0, false],
        [undefined, false],
        [0, false],
        [0, true],
        [0, true],
        [0, false],
      ],
    );
  });
});

function started(pin: typeof INPUT | typeof OUTPUT = INPUT): { model: Model; lane: () => Lane } {
  const model = new Model();
  model.device(device([pin]), NOW);
  return { model, lane: () => model.lanes[0] as Lane };
}

function device(pins: readonly object[]) {
  return { state: 'online', driver: 'mock', pins } as Parameters<Model['device']>[0];
}

let n = 0;

function gesture(name: string, press: number, at: number, held?: number) {
  return {
    channel: 'button',
    name,
    at,
    id: `e-${++n}`,
    data: JSON.stringify({ pin: 'button', press, held }),
  };
}

function state(at: number, word: string, pins: readonly object[]) {
  const data = JSON.stringify({ state: word, driver: 'mock', pins });
  return { channel: 'device', name: 'state', at, id: `e-${++n}`, data };
}

/** Relative to now. */
function bars(lane: Lane): (number | undefined)[][] {
  return lane.presses(NOW - 24 * HOUR, NOW + HOUR).map((press) => {
    const end = lane.endOf(press);
    return [press.from - NOW, end === undefined ? end : end - NOW];
  });
}

function gaps(lane: Lane): number[][] {
  return lane.gaps.map(({ from, to }) => [from - NOW, to - NOW]);
}

function counts(lane: Lane): (number | undefined)[] {
  return lane.hours(NOW).map(({ count }) => count);
}
