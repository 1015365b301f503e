import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';
import { GESTURES, gestureText, utcTime } from '../../src/contract/gestures.ts';

const zone = process.env.TZ;

afterEach(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

const EIGHT = Date.UTC(2026, 10, 20, 20, 0, 0);

test('there are five gestures', () => {
  assert.deepEqual(GESTURES, ['press', 'release', 'click', 'double-click', 'long-press']);
});

test('a gesture is worded as the first rpi-mybutton-sse did (S1.4)', () => {
  process.env.TZ = 'UTC';
  assert.equal(
    gestureText('button', 'press', 42, EIGHT + 123.456),
    'Button press #42 @ 2026-11-20 20:00:00.123456',
  );
  assert.equal(gestureText('button', 'press', 1, EIGHT), 'Button press #1 @ 2026-11-20 20:00:00.000000');
  assert.equal(
    gestureText('front door', 'double-click', 1_000_000, Date.UTC(2026, 0, 2, 3, 4, 5) + 6.007),
    'Front door double-click #1000000 @ 2026-01-02 03:04:05.006007',
  );
  assert.deepEqual(
    ['öse', 'LED', '7up', '🔘x'].map((pin) => gestureText(pin, 'click', 1, EIGHT).split(' ')[0]),
    ['Öse', 'LED', '7up', '🔘x'],
  );
});

test('a gesture says local time', () => {
  process.env.TZ = 'Pacific/Kiritimati';
  assert.equal(gestureText('button', 'release', 2, EIGHT), 'Button release #2 @ 2026-11-21 10:00:00.000000');
  process.env.TZ = 'America/St_Johns';
  assert.equal(
    gestureText('button', 'release', 2, Date.UTC(2026, 6, 1, 1, 15, 9) + 0.5),
    'Button release #2 @ 2026-06-30 22:45:09.000500',
  );
});

test('a time in UTC has six digits for the fraction of its second', () => {
  const times: [at: number, text: string][] = [
    [EIGHT, '2026-11-20T20:00:00.000000Z'],
    [EIGHT + 0.001, '2026-11-20T20:00:00.000001Z'],
    [EIGHT + 999.999, '2026-11-20T20:00:00.999999Z'],
    [EIGHT + 7, '2026-11-20T20:00:00.007000Z'],
    [0, '1970-01-01T00:00:00.000000Z'],
    // A Pi that has no time yet.
    [12.5, '1970-01-01T00:00:00.012500Z'],
  ];
  assert.deepEqual(
    times.map(([at]) => [at, utcTime(at)]),
    times,
  );
});

test('a time is rounded to the next microsecond, up into the next second if need be', () => {
  const times: [at: number, text: string][] = [
    [0.0004, '1970-01-01T00:00:00.000000Z'],
    [0.0005, '1970-01-01T00:00:00.000001Z'],
    [999.9994, '1970-01-01T00:00:00.999999Z'],
    [999.9996, '1970-01-01T00:00:01.000000Z'],
    [Date.UTC(2026, 11, 31, 23, 59, 59, 999) + 0.9999, '2027-01-01T00:00:00.000000Z'],
  ];
  assert.deepEqual(
    times.map(([at]) => [at, utcTime(at)]),
    times,
  );
});

test('a time before 1970 counts forward too', () => {
  const times: [at: number, text: string][] = [
    [-0.001, '1969-12-31T23:59:59.999999Z'],
    [-1, '1969-12-31T23:59:59.999000Z'],
    [-1000, '1969-12-31T23:59:59.000000Z'],
    [-1000.25, '1969-12-31T23:59:58.999750Z'],
  ];
  assert.deepEqual(
    times.map(([at]) => [at, utcTime(at)]),
    times,
  );
});
