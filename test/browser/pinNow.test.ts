import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isAfter } from '../../src/browser/client/cursor.ts';
import { levelOf, PinNow } from '../../src/browser/page/pinNow.ts';
import type { WirePin } from '../../src/browser/wire.ts';

const PIN: WirePin = { name: 'button', gpio: 17, direction: 'in', level: 0 };

function gesture(name: string, id: string, at: number, data: object = { press: 7 }) {
  return { channel: 'button', name, id, at, data: JSON.stringify(data) };
}

describe('a pin as it is now', () => {
  test('is what was said last, by itself or by the device', () => {
    const now = new PinNow();
    now.state(PIN, { id: 'k-1', at: 100 });
    assert.equal(now.pin?.level, 0);
    assert.equal(now.since, undefined, 'nobody saw it become so');
    assert.equal(now.gesture(gesture('press', 'k-2', 200)), true);
    assert.deepEqual([now.pin?.level, now.since, now.presses], [1, 200, 7]);
    now.state({ ...PIN, level: 1 }, { id: 'k-3', at: 230 });
    assert.deepEqual([now.pin?.level, now.since], [1, 200], 'the device says the same, later');
    now.gesture(gesture('release', 'k-4', 300));
    assert.deepEqual([now.pin?.level, now.since], [0, 300]);
  });

  test('does not go back for what is told again', () => {
    const now = new PinNow();
    now.state({ ...PIN, level: 1 }, { id: 'k-10', at: 100 });
    assert.equal(now.gesture(gesture('release', 'k-9', 90)), false);
    now.state(PIN, { id: 'k-8', at: 80 });
    assert.equal(now.pin?.level, 1);
    now.gesture(gesture('press', 'new-1', 10));
    assert.equal(now.since, 10, 'numbers of another epoch count anew');
  });

  test('has no time for what it became while nobody knew it', () => {
    const now = new PinNow();
    now.state(PIN, { id: 'k-1', at: 1 });
    now.state({ ...PIN, level: null }, { id: 'k-2', at: 2 });
    now.state({ ...PIN, level: 1 }, { id: 'k-3', at: 3 });
    assert.equal(now.since, undefined);
  });

  test('a click is counted and moves nothing; data that is none is no error', () => {
    const now = new PinNow();
    now.state(PIN, { id: 'k-1', at: 1 });
    now.gesture(gesture('click', 'k-2', 2, { press: 8 }));
    now.gesture({ channel: 'button', name: 'press', id: 'k-3', at: 3, data: 'null' });
    assert.deepEqual([now.presses, now.pin?.level], [8, 1]);
  });

  test('its level in words', () => {
    assert.equal(levelOf({ ...PIN, level: 1 }, 'online'), 'pressed');
    assert.equal(levelOf({ ...PIN, level: 1 }, 'offline'), 'unknown');
    assert.equal(levelOf({ ...PIN, problem: 'gone' }, 'online'), 'failing');
    assert.equal(levelOf({ ...PIN, direction: 'out', level: 1, blink: 500 }, 'online'), 'blinks');
  });
});

test('ids are compared by their numbers, not as text', () => {
  assert.equal(isAfter('k-10', 'k-9'), true);
  assert.equal(isAfter('k-9', 'k-9'), false);
  assert.equal(isAfter('other-1', 'k-9'), true);
  assert.equal(isAfter('k-1', ''), true);
});
