import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { columnsOf, heightOf, joined } from '../../src/browser/page/timeline/columns.ts';
import { neighbour } from '../../src/browser/page/timeline/find.ts';
import { layoutOf } from '../../src/browser/page/timeline/layout.ts';
import { Scale } from '../../src/browser/page/timeline/scale.ts';
import { ServerClock } from '../../src/browser/page/timeline/serverClock.ts';
import { spanOf, wordOf } from '../../src/browser/page/timeline/spans.ts';
import { Stretch } from '../../src/browser/page/timeline/stretch.ts';
import { ticks } from '../../src/browser/page/timeline/ticks.ts';
import { duration, foundWords, hourWords, pressWords } from '../../src/browser/page/timeline/words.ts';

const HOUR = 3_600_000;
const zone = process.env.TZ;

describe('the time axis', () => {
  before(() => {
    process.env.TZ = 'Europe/Berlin';
  });
  after(() => {
    if (zone === undefined) delete process.env.TZ;
    else process.env.TZ = zone;
  });

  const labels = (from: string, to: string, most: number) =>
    ticks(Date.parse(from), Date.parse(to), most).map(({ label }) => label);

  test('has round times of the clock on the wall', () => {
    assert.deepEqual(labels('2026-11-20T20:00:07+01:00', '2026-11-20T20:01:07+01:00', 7), [
      '20:00:10',
      '20:00:20',
      '20:00:30',
      '20:00:40',
      '20:00:50',
      '20:01:00',
    ]);
    assert.deepEqual(labels('2026-11-20T19:12:00+01:00', '2026-11-20T20:12:00+01:00', 3), ['19:30', '20:00']);
  });

  test('says where a day begins', () => {
    const found = ticks(Date.parse('2026-11-20T14:30:00+01:00'), Date.parse('2026-11-21T14:30:00+01:00'), 8);
    assert.deepEqual(
      found.map(({ label, day }) => (day ? `${label}!` : label)),
      ['15:00', '18:00', '21:00', '11-21!', '03:00', '06:00', '09:00', '12:00'],
    );
  });

  test('days of 23 and 25 hours have round times too', () => {
    assert.deepEqual(labels('2026-03-28T22:00:00+01:00', '2026-03-29T12:00:00+02:00', 6), [
      '03-29',
      '03:00',
      '06:00',
      '09:00',
      '12:00',
    ]);
    assert.deepEqual(labels('2026-10-24T22:00:00+02:00', '2026-10-25T09:00:00+01:00', 6), [
      '10-25',
      '03:00',
      '06:00',
      '09:00',
    ]);
  });

  test('never has more than there is room for, nor stands still', () => {
    for (let span = 1_000; span <= 24 * HOUR; span *= 1.7) {
      for (const most of [2, 5, 12]) {
        const found = ticks(1_795_000_000_123, 1_795_000_000_123 + span, most);
        assert.ok(found.length <= most + 1, `${found.length} of ${most} in ${span}`);
      }
    }
  });
});

describe('the stretch that is shown', () => {
  const NOW = 1_795_000_000_000;

  test('follows the present until it is moved, and again when it is moved there', () => {
    const stretch = new Stretch(60_000);
    assert.deepEqual([stretch.from(NOW), stretch.to(NOW)], [NOW - 60_000, NOW]);
    assert.equal(stretch.to(NOW + 5), NOW + 5);
    stretch.pan(-1_000, NOW);
    assert.equal(stretch.to(NOW + 500), NOW - 1_000);
    stretch.pan(2_000, NOW + 500);
    assert.ok(stretch.isFollowing);
  });

  test('keeps the time under the finger there', () => {
    const stretch = new Stretch(600_000);
    const finger = NOW - 400_000;
    stretch.zoom(0.5, NOW, finger);
    assert.equal(stretch.span, 300_000);
    assert.equal((finger - stretch.from(NOW)) / stretch.span, 1 / 3);
  });

  test('ends neither in the future nor before what is kept', () => {
    const stretch = new Stretch(HOUR);
    stretch.pan(-100 * HOUR, NOW);
    assert.equal(stretch.from(NOW), NOW - 24 * HOUR);
    stretch.zoom(1_000, NOW);
    assert.deepEqual([stretch.span, stretch.isFollowing], [24 * HOUR, true]);
    stretch.zoom(1e-9, NOW);
    assert.equal(stretch.span, 5_000);
  });

  test('brings into sight what lies beyond its edges', () => {
    const stretch = new Stretch(60_000);
    stretch.show(NOW - 600_000, NOW);
    assert.ok(stretch.from(NOW) < NOW - 600_000 && NOW - 600_000 < stretch.to(NOW));
    stretch.show(NOW - 100, NOW);
    assert.ok(stretch.to(NOW) >= NOW - 100);
  });

  test('is what the address says, if it says something', () => {
    assert.deepEqual([spanOf('1h'), spanOf('nonsense'), spanOf(undefined)], [HOUR, 600_000, 600_000]);
    assert.deepEqual([wordOf(HOUR), wordOf(HOUR / 7)], ['1h', undefined]);
  });
});

describe('what time the server has', () => {
  test('is told by the header, and more exactly by what is heard', () => {
    let here = Date.parse('2036-01-01T00:00:00Z');
    const there = (since: number) => Date.parse('2026-11-20T20:00:00Z') + since;
    const start = here;
    const clock = new ServerClock(() => here);
    clock.told(there(0));
    assert.ok(Math.abs(clock.now - there(0)) <= 1_000);
    here += 1_000;
    clock.heard(there(990));
    assert.ok(Math.abs(clock.now - there(1_000)) <= 510);
    here += 1_000;
    clock.heard(there(1_998));
    const { now } = clock;
    clock.heard(there(-HOUR));
    assert.equal(clock.now, now, 'what comes from the log changes nothing');
    clock.told(there(1_000));
    assert.equal(clock.now, now, 'nor does a second more or less');
    clock.told(there(HOUR));
    assert.ok(Math.abs(clock.now - there(HOUR)) <= 1_000, 'but a clock that was set does');
    clock.told(Number.NaN);
    assert.ok(here > start);
  });

  test('is never earlier than what has happened there', () => {
    const clock = new ServerClock(() => 1_000_000);
    clock.heard(5_000_000);
    assert.equal(clock.now, 5_000_000);
  });
});

describe('what falls together on the screen', () => {
  test('is one column, and the same one wherever it is drawn', () => {
    const marks = [0, 4, 9, 10, 35].map((from) => ({ from }));
    assert.deepEqual(columnsOf(marks, 10), [
      { key: 0, count: 3, at: 0 },
      { key: 1, count: 1, at: 10 },
      { key: 3, count: 1, at: 35 },
    ]);
    assert.ok(heightOf(1) < heightOf(10) && heightOf(10) < heightOf(50) && heightOf(1e9) === 1);
  });

  test('is one bar', () => {
    assert.deepEqual(
      joined([
        [0, 3],
        [3, 5],
        [4, 4],
        [8, 9],
      ]),
      [
        [0, 5],
        [8, 9],
      ],
    );
  });

  test('moves by whole pixels, all of it together', () => {
    const stretch = new Stretch(60_000);
    const layout = layoutOf(800, 1);
    const marks = [1_795_000_000_017, 1_795_000_000_950, 1_795_000_003_333];
    const distances = new Set<string>();
    for (let now = 1_795_000_010_000; now < 1_795_000_011_000; now += 7) {
      const scale = new Scale(stretch, now, layout, 2);
      const [first = 0, ...others] = marks.map((at) => scale.x(at));
      distances.add(others.map((x) => x - first).join());
    }
    assert.equal(distances.size, 1);
  });

  test('has room on a phone and on a wall', () => {
    for (const width of [300, 360, 559, 560, 719, 720, 1_600]) {
      const { plot, hours, height } = layoutOf(width, 3);
      assert.ok(plot.width > 150, `${plot.width} at ${width}`);
      assert.ok(plot.left + plot.width <= width && hours.left + hours.width <= width);
      assert.ok(height >= 3 * (plot.top + plot.height));
    }
  });
});

describe('words', () => {
  test('for how long something took', () => {
    assert.deepEqual([121.4, 1_200, 2_000, 35_400, 65_000, 120_000, 11_100_000].map(duration), [
      '121 ms',
      '1.2 s',
      '2 s',
      '35 s',
      '1 min 5 s',
      '2 min',
      '3 h 5 min',
    ]);
    assert.deepEqual([999.4, 999.7, 9_970, 59_400, 59_700, 3_599_400, 3_599_700].map(duration), [
      '999 ms',
      '1 s',
      '10 s',
      '59 s',
      '1 min',
      '59 min 59 s',
      '1 h',
    ]);
  });

  test('for the nearest of many presses', () => {
    const mark = { n: 42, id: 'e-1', from: new Date().setHours(12, 31, 5, 123), to: undefined } as const;
    assert.equal(
      foundWords({ mark: { ...mark, gesture: 'press' }, among: 3 }, mark.from),
      '3 presses here; the nearest is press #42, 12:31:05.123, no release yet',
    );
  });

  test('for an hour', () => {
    const hour = { from: new Date().setHours(12, 0, 0, 0), count: 1, whole: false };
    assert.equal(hourWords(hour, true), '12:00 to 13:00: 1 press so far');
    assert.equal(hourWords(hour, false), '12:00 to 13:00: at least 1 press');
    assert.equal(hourWords({ ...hour, count: 3, whole: true }, false), '12:00 to 13:00: 3 presses');
    assert.equal(hourWords({ ...hour, count: undefined }, false), '12:00 to 13:00: not known');
  });

  test('for a press', () => {
    const press = { n: 42, id: 'e-1', from: new Date().setHours(12, 31, 5, 123), to: undefined } as const;
    assert.equal(pressWords({ ...press, gesture: 'press' }), 'press #42, 12:31:05.123, no release yet');
    assert.equal(
      pressWords({ ...press, gesture: 'double-click', to: press.from + 1_200 }),
      'double-click #42, 12:31:05.123, held 1.2 s',
    );
  });

  test('from mark to mark', () => {
    const marks = [1, 2, 3].map((n) => ({ n, id: `e-${n}`, from: n, to: n, gesture: 'press' as const }));
    assert.equal(neighbour(marks, undefined, -1), marks[2]);
    assert.equal(neighbour(marks, marks[2], -1), marks[1]);
    assert.equal(neighbour(marks, marks[2], 1), undefined);
    assert.equal(neighbour(marks, marks[0], -1), undefined);
  });
});
