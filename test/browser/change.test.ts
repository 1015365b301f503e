import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { PinstreamEvent } from '../../src/browser/client/api.ts';
import { changeOf } from '../../src/browser/page/events/change.ts';
import type { Entry } from '../../src/browser/page/events/entries.ts';
import { Stock } from '../../src/browser/page/events/stock.ts';
import { sharedReason } from '../../src/browser/page/troubles.ts';
import type { WirePin } from '../../src/browser/wire.ts';

describe('what the device says anew', () => {
  test('is what differs from what it said before, whatever others said between', () => {
    const older = [entryOf(event(2, {})), entryOf(state(1, [BUTTON, LED]))];
    assert.deepEqual(changeOf(state(3, [{ ...BUTTON, level: 1 }, LED]), older), {
      words: 'button pressed',
      isEcho: true,
    });
    assert.deepEqual(changeOf(state(3, [BUTTON, { ...LED, level: 1 }]), older), {
      words: 'led on',
      isEcho: false,
    });
    const failing = changeOf(state(3, [{ ...BUTTON, level: null, problem: 'gone' }, LED]), older);
    assert.deepEqual(failing, { words: 'button failing', isEcho: false });
  });

  test('is all of it when it is not known before, or more than levels', () => {
    const now = state(3, [{ ...BUTTON, level: 1 }, LED]);
    const before = entryOf(state(1, [BUTTON, LED]));
    assert.equal(changeOf(now, []), undefined);
    assert.equal(
      changeOf(now, [{ id: 'gap', gap: { certain: true }, era: 0, n: 2, arrival: 2 }, before]),
      undefined,
    );
    assert.equal(changeOf(state(3, [BUTTON, LED]), [before]), undefined, 'nothing has changed');
    assert.equal(changeOf(state(3, [BUTTON]), [before]), undefined, 'a pin is gone');
    assert.equal(changeOf(state(3, [{ ...BUTTON, level: 1 }, LED], 'offline'), [before]), undefined);
    assert.equal(
      changeOf(event(3, { channel: 'device', name: 'state', data: 'no JSON' }), [before]),
      undefined,
    );
    assert.equal(changeOf(event(3, {}), [before]), undefined, 'no word of the device');
  });
});

describe('what is left out of the list', () => {
  const sparse = (stock: Stock) => stock.all.filter((entry) => stock.isSparseAt(entry)).map(({ n }) => n);

  test('is everything between the entries that were there at first, down to where the log was read', () => {
    const stock = new Stock();
    for (const n of [3, 20, 40]) stock.add(event(n, {}));
    assert.equal(stock.begin(), false);
    assert.deepEqual(sparse(stock), [3, 20]);
    stock.add(event(41, {}));
    stock.readDownTo(20);
    assert.deepEqual([sparse(stock), stock.isWhole], [[3], false]);
    stock.readDownTo(1);
    assert.deepEqual([sparse(stock), stock.isWhole], [[], true]);
  });

  test('nothing, where there was nothing; and of a newer store nothing is missing', () => {
    const stock = new Stock();
    assert.equal(stock.begin(), true);
    stock.add(event(1, {}));
    assert.deepEqual([sparse(stock), stock.isWhole], [[], true]);
    stock.add({ ...event(5, {}), id: 'other-5' });
    stock.readDownTo(5);
    assert.deepEqual(sparse(stock), []);
  });

  test('what was read into a list that stands is let go with it', () => {
    const stock = new Stock();
    for (const n of [3, 40]) stock.add(event(n, {}));
    stock.begin();
    stock.drawn();
    stock.hold();
    stock.readDownTo(1);
    assert.deepEqual(sparse(stock), []);
    stock.release();
    assert.deepEqual(sparse(stock), [3]);
  });

  test('what has no room is no longer all', () => {
    const stock = new Stock({ count: 2, characters: 1_000 });
    stock.begin();
    for (const n of [1, 2, 3]) stock.add(event(n, {}));
    assert.equal(stock.isWhole, false);
  });
});

test('pins that fail for the same reason have one, without their names', () => {
  const failing = (pin: WirePin, why: string) => ({
    ...pin,
    problem: `${pin.name} (GPIO ${pin.gpio}) ${why}`,
  });
  assert.equal(sharedReason([failing(BUTTON, 'is busy.'), failing(LED, 'is busy.')]), 'is busy.');
  assert.equal(sharedReason([failing(BUTTON, 'is busy.'), failing(LED, 'is gone.')]), undefined);
  assert.equal(sharedReason([failing(BUTTON, 'is busy.'), LED]), undefined, 'it stands beside the pin');
});

const BUTTON: WirePin = { name: 'button', gpio: 17, direction: 'in', level: 0 };
const LED: WirePin = { name: 'led', gpio: 18, direction: 'out', level: 0 };

function state(n: number, pins: readonly WirePin[], now = 'online'): PinstreamEvent {
  return event(n, {
    channel: 'device',
    name: 'state',
    data: JSON.stringify({ state: now, driver: 'mock', pins }),
  });
}

function event(n: number, more: Partial<PinstreamEvent>): PinstreamEvent {
  return { id: `k3f9-${n}`, channel: 'base', name: 'message', data: '', at: n, ...more };
}

function entryOf(event: PinstreamEvent): Entry {
  return { id: event.id, event, era: 0, n: event.at, arrival: event.at };
}
