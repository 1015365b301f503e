import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { choicesOf, shortFigure, streamsInWords } from '../../src/browser/page/channels/choices.ts';
import { Entries } from '../../src/browser/page/events/entries.ts';
import { linesOf } from '../../src/browser/page/events/json.ts';
import { chosenOf, excerptOf, isFound, searchOf } from '../../src/browser/page/events/match.ts';
import { Stock } from '../../src/browser/page/events/stock.ts';

const ROOM = { count: 100, characters: 10_000 };

describe('what the page remembers', () => {
  test('stands in the order of the numbers, each once, however late it comes', () => {
    const entries = new Entries(ROOM);
    for (const n of [5, 9, 3, 9, 7, 3]) entries.add(event(n));
    assert.deepEqual(numbers(entries.list), [3, 5, 7, 9]);
    // Another store counts anew, and comes after all of the first one.
    for (const n of [2, 1]) entries.add(event(n, { epoch: 'new' }));
    assert.deepEqual(
      entries.list.map(({ id }) => id),
      ['k3f9-3', 'k3f9-5', 'k3f9-7', 'k3f9-9', 'new-1', 'new-2'],
    );
  });

  test('has a gap in its place: after what was lost, and before what comes then', () => {
    const entries = new Entries(ROOM);
    for (const n of [1, 3]) entries.add(event(n));
    for (const _ of [1, 2]) entries.addGap({ channel: 'base', until: 'k3f9-2', certain: true });
    assert.deepEqual(
      entries.list.map(({ gap, n }) => (gap ? 'gap' : n)),
      [1, 'gap', 3],
    );
    for (const _ of [1, 2]) entries.addGap({ certain: true });
    entries.add(event(1, { epoch: 'new' }));
    assert.deepEqual(
      entries.list.map(({ gap, n }) => (gap ? 'gap' : n)),
      [1, 'gap', 3, 'gap', 1],
    );
  });

  test('is bounded in number and in characters, and forgets the oldest', () => {
    const few = new Entries({ count: 3, characters: 10_000 });
    for (let n = 1; n <= 5; n++) few.add(event(n));
    assert.deepEqual(numbers(few.list), [3, 4, 5]);
    assert.equal(few.add(event(2)), undefined, 'too old to be kept');
    assert.ok(few.add(event(6)));
    const small = new Entries({ count: 100, characters: 1_000 });
    for (let n = 1; n <= 5; n++) small.add(event(n, { data: 'x'.repeat(400) }));
    assert.deepEqual(numbers(small.list), [4, 5]);
    small.add(event(6, { data: 'x'.repeat(60_000) }));
    assert.deepEqual(numbers(small.list), [6], 'one that is larger than all room is still shown');
  });
});

describe('the list while it stands', () => {
  test('counts what comes, shows none of it, and loses nothing', () => {
    const stock = new Stock(ROOM);
    stock.add(event(1));
    stock.drawn();
    // Heard, but not drawn yet when somebody pauses.
    stock.add(event(2));
    stock.hold();
    assert.deepEqual([shownOf(stock), stock.behind.came], [[1], 1]);
    stock.add(event(3));
    stock.add(event(3));
    assert.deepEqual([shownOf(stock), stock.behind], [[1], { came: 2, forgotten: 0 }]);
    stock.release();
    assert.deepEqual([shownOf(stock), stock.behind], [[3, 2, 1], { came: 0, forgotten: 0 }]);
  });

  test('says how many of the new ones were more than it remembers', () => {
    const stock = new Stock({ count: 10, characters: 10_000 });
    stock.add(event(1));
    stock.drawn();
    stock.hold();
    for (let n = 2; n <= 26; n++) stock.add(event(n));
    assert.deepEqual(shownOf(stock), [1], 'what stands is not taken away');
    assert.deepEqual(stock.behind, { came: 25, forgotten: 15 });
  });

  test('counts what is wanted, also when that changes meanwhile', () => {
    const stock = new Stock(ROOM);
    stock.hold();
    stock.add(event(1, { channel: 'a' }));
    stock.add(event(2, { channel: 'b' }));
    stock.add(event(3, { channel: 'b' }));
    assert.equal(stock.behind.came, 3);
    stock.want({ channels: ['b'], search: '' });
    assert.equal(stock.behind.came, 2);
    assert.equal(stock.add(event(4, { channel: 'a' })), false);
    assert.deepEqual(stock.behind, { came: 2, forgotten: 0 });
  });

  test('takes in older events from the log, which are nothing new', () => {
    const stock = new Stock(ROOM);
    stock.add(event(9));
    stock.drawn();
    stock.hold();
    assert.deepEqual([stock.addOlder(event(5)), stock.addOlder(event(5))], [true, false]);
    assert.deepEqual([shownOf(stock), stock.behind.came], [[9, 5], 0]);
    assert.deepEqual([stock.wantedFrom(5), stock.wantedFrom(6)], [2, 1]);
  });

  test('a gap stays to be seen, but not on a channel that nobody chose', () => {
    const stock = new Stock(ROOM);
    stock.addGap({ channel: 'a', until: 'k3f9-1', certain: true });
    stock.addGap({ channel: 'b', until: 'k3f9-2', certain: true });
    stock.want({ channels: ['b'], search: 'x' });
    assert.deepEqual(
      stock.newest(9).entries.map(({ gap }) => gap?.channel),
      ['b'],
    );
    assert.equal(stock.newest(9).wanted, 0);
  });
});

describe('what is wanted', () => {
  test('is found in data, name or channel, in any case and any script', () => {
    const found = (text: string) =>
      isFound(event(1, { channel: 'Küche', name: 'Gemessen', data: 'a.b* (50%) Привет' }), wanted(text));
    for (const text of ['küche', 'KÜCHE', 'gemessen', 'A.B*', '(50%)', 'привет', '50%)'])
      assert.ok(found(text), text);
    for (const text of ['a-b', '.*', '^a', 'Küchen']) assert.ok(!found(text), text);
  });

  test('is found in the sentence that stands for the data', () => {
    const device = {
      state: 'online',
      driver: 'mock',
      pins: [{ name: 'led', gpio: 18, direction: 'out', level: null, problem: 'gone' }],
    };
    const state = event(1, { channel: 'device', name: 'state', data: JSON.stringify(device) });
    assert.ok(isFound(state, wanted('led failing')));
    assert.ok(!isFound(state, wanted('released')));
  });

  test('a choice means names exactly, and patterns with any text for their stars', () => {
    const isChosen = chosenOf(['button', 'room-*', 'a.*']);
    for (const channel of ['button', 'room-1', 'room-', 'a.b', 'room-\u2028x'])
      assert.ok(isChosen(channel), channel);
    for (const channel of ['Button', 'button2', 'aroom-1', 'axb']) assert.ok(!isChosen(channel), channel);
    assert.ok(chosenOf([])('anything'));
  });

  test('is shown with its surroundings when it stands far inside', () => {
    const data = `${'x'.repeat(500)} the needle here ${'y'.repeat(500)}`;
    const excerpt = excerptOf(data, wanted('NEEDLE'), 12);
    assert.equal(excerpt, '…xxxxxxx the needle here yyyyyy…');
    assert.equal(excerptOf('short needle', wanted('needle')), 'short needle');
    assert.equal(excerptOf('none', wanted('needle')), '');
  });
});

describe('JSON as a tree', () => {
  test('has a line for each member, set in by its depth', () => {
    const data = '{"a":[1,{"b":null}],"empty":{},"big":12345678901234567890}';
    const lines = linesOf(data).map(
      ({ depth, tokens }) => '  '.repeat(depth) + tokens.map(({ text }) => text).join(''),
    );
    assert.deepEqual(lines, [
      '{',
      '  "a"[',
      '    1,',
      '    {',
      '      "b"null',
      '    }',
      '  ],',
      '  "empty"{},',
      '  "big"12345678901234567890',
      '}',
    ]);
  });
});

describe('the list of channels', () => {
  const known = ['room-*', 'base', 'button', 'room-1', 'room-2'].map((name) => ({
    name,
    events: 1,
    streams: 2,
  }));

  test('finds by a part of the name, or by a pattern', () => {
    const named = (text: string, chosen: string[] = []) =>
      choicesOf(known, chosen, text).shown.map(({ name }) => name);
    assert.deepEqual(named('ROOM'), ['room-*', 'room-1', 'room-2']);
    assert.deepEqual(named('b*'), ['base', 'button']);
    assert.deepEqual(named('', ['never-heard', 'x*']), [
      'x*',
      'room-*',
      'never-heard',
      'base',
      'button',
      'room-1',
      'room-2',
    ]);
  });

  test('of ten thousand draws what somebody could read, and says how many there are', () => {
    const many = Array.from({ length: 10_000 }, (_, i) => ({ name: `c${i}`, events: 1, streams: 0 }));
    const { shown, found } = choicesOf(many, [], '');
    assert.deepEqual([shown.length, found], [200, 10_000]);
    assert.equal(choicesOf(many, [], 'c9999').found, 1);
  });

  test('says who listens in words', () => {
    assert.deepEqual([0, 1, 3].map(streamsInWords), [
      'nobody listens',
      '1 stream listens',
      '3 streams listen',
    ]);
    assert.deepEqual([0, 9_999, 12_345, 3_450_000].map(shortFigure), ['0', '9999', '12k', '3.4M']);
  });
});

function event(
  n: number,
  { epoch = 'k3f9', ...given }: { epoch?: string; channel?: string; name?: string; data?: string } = {},
) {
  return { id: `${epoch}-${n}`, channel: 'base', name: 'message', data: `event ${n}`, at: 0, ...given };
}

function wanted(text: string): RegExp {
  return searchOf(text) as RegExp;
}

function numbers(list: readonly { readonly n: number }[]): number[] {
  return list.map(({ n }) => n);
}

function shownOf(stock: Stock): number[] {
  return numbers(stock.newest(1_000).entries);
}
