import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import type { Gap, PinstreamEvent } from '../../src/browser/client/api.ts';
import type { Asking, Link, Saying } from '../../src/browser/client/messages.ts';
import { createReader, type Reader } from '../../src/browser/client/reader.ts';
import { FakeFetch } from '../support/fakeFetch.ts';

const PLACE = { url: 'http://app/stream', token: '', credentials: 'same-origin' } as const;

let fetching: FakeFetch;
let asked: Asking[];
let events: PinstreamEvent[];
let gaps: Gap[];
let reader: Reader;
/** A hub that answers at once that it hears nothing of it yet. */
const link: Link = {
  ask(asking) {
    asked.push(asking);
    if (asking.type === 'want') reader.hear({ type: 'from', cursor: '', names: [], answer: asking.count });
  },
  close() {},
};

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout'] });
  fetching = new FakeFetch();
  asked = [];
  events = [];
  gaps = [];
  begin();
});

afterEach(() => {
  reader.leave();
  fetching.restore();
  mock.timers.reset();
});

function begin(since = ''): void {
  reader = createReader(
    () => PLACE,
    since,
    (event) => events.push(event),
    (gap) => gaps.push(gap),
  );
}

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((done) => setImmediate(done));
}

function event(n: number, channel = 'a', epoch = 'e') {
  return { channel, event: 'message', data: `${n}`, at: 1, id: `${epoch}-${n}` };
}

function hears(n: number, channel = 'a', epoch = 'e'): void {
  reader.hear({ type: 'event', ...event(n, channel, epoch) });
}

function from(cursor: string, ...names: string[]): void {
  reader.hear({ type: 'from', cursor, names });
}

async function answer(cursor: string, all: ReturnType<typeof event>[], gap: object[] | null = null) {
  fetching.last.answer(200, JSON.stringify({ cursor, events: all, gap }));
  await settled();
}

const numbers = () => events.map(({ data }) => Number(data));

test('what the hub tells from its beginning on is told, and of other channels nothing', () => {
  reader.add(['a', 'room-*'], 0);
  reader.join(link);
  assert.deepEqual(
    asked.map((asking) => asking.type === 'want' && asking.names),
    [['a', 'room-*']],
  );
  hears(1);
  from('e-1', 'a', 'room-*');
  for (const [n, channel] of [
    [2, 'a'],
    [3, 'b'],
    [4, 'room-1'],
    [5, 'room-*'],
  ] as const)
    hears(n, channel);
  assert.deepEqual(numbers(), [2, 4, 5]);
  assert.equal(reader.cursor, 'e-5');
  reader.hear({ type: 'at', cursor: 'e-9' });
  assert.equal(reader.cursor, 'e-9');
  assert.equal(fetching.all.length, 0);
});

test('what lies between two hubs comes from the log, in order, while the second one waits', async () => {
  reader.add(['a'], 0);
  reader.join(link);
  from('e-1', 'a');
  hears(2);
  reader.join(link);
  from('e-5', 'a');
  hears(6);
  assert.equal(fetching.last.url.searchParams.get('since'), 'e-2');
  assert.deepEqual(numbers(), [2]);
  // The log has already what the hub tells as well.
  await answer('e-6', [event(3), event(5), event(6)]);
  assert.deepEqual(numbers(), [2, 3, 5, 6]);
  hears(7);
  assert.deepEqual(numbers(), [2, 3, 5, 6, 7]);
});

test('a log of many pages is read to where the hub begins, and a failing one again', async () => {
  reader.add(['a'], 0);
  reader.join(link);
  from('e-1', 'a');
  reader.join(link);
  from('e-9', 'a');
  await answer('e-4', [event(2), event(4)]);
  assert.equal(fetching.last.url.searchParams.get('since'), 'e-4');
  fetching.last.fail();
  await settled();
  mock.timers.tick(2_000);
  await settled();
  assert.equal(fetching.all.length, 3);
  await answer('e-9', [event(8)], [{ channel: 'a', until: 'e-6', certain: true }]);
  assert.deepEqual(numbers(), [2, 4, 8]);
  assert.deepEqual(gaps, [{ channel: 'a', until: 'e-6', certain: true }]);
  assert.equal(reader.cursor, 'e-9');
});

test('a hub that is not ahead needs no log', () => {
  reader.add(['a'], 0);
  reader.join(link);
  from('e-5', 'a');
  reader.join(link);
  from('e-5', 'a');
  assert.equal(fetching.all.length, 0);
});

test('last: the newest events first, each once, also those that the hub tells meanwhile', async () => {
  reader.add(['a'], 2);
  reader.join(link);
  from('e-5', 'a');
  hears(6);
  assert.equal(fetching.last.url.searchParams.get('last'), '2');
  await answer('e-6', [event(5), event(6)]);
  assert.deepEqual(numbers(), [5, 6]);
});

test('since: what came after that cursor', async () => {
  begin('e-2');
  reader.add(['a'], 0);
  reader.join(link);
  from('e-5', 'a');
  assert.equal(fetching.last.url.searchParams.get('since'), 'e-2');
  await answer('e-5', [event(4)]);
  assert.deepEqual(numbers(), [4]);
});

test('a channel that is added begins where it was added, those of before go on', async () => {
  reader.add(['a'], 0);
  reader.join(link);
  from('e-1', 'a');
  hears(2);
  reader.add(['b'], 0);
  hears(3);
  hears(4, 'b');
  assert.deepEqual(numbers(), [2, 3]);
  from('e-5', 'b');
  hears(6);
  hears(7, 'b');
  assert.equal(fetching.last.url.searchParams.get('since'), 'e-2');
  assert.deepEqual(fetching.last.url.searchParams.getAll('channel'), ['b']);
  await answer('e-5', [event(4, 'b')]);
  assert.deepEqual(numbers(), [2, 3, 4, 6, 7]);
});

test('what two patterns mean is told once, though one of them has still to be read', async () => {
  reader.add(['room-*'], 0);
  reader.join(link);
  from('e-1', 'room-*');
  hears(2, 'room-1');
  reader.add(['*-1'], 0);
  hears(3, 'room-1');
  from('e-4', '*-1');
  hears(5, 'room-1');
  await answer('e-5', [event(3, 'room-1'), event(4, 'hall-1'), event(5, 'room-1')]);
  assert.deepEqual(numbers(), [2, 3, 4, 5]);
});

test('a hub that goes in the middle of the reading: the next one begins where the last event was told', async () => {
  reader.add(['a'], 0);
  reader.join(link);
  from('e-1', 'a');
  hears(2);
  reader.join(link);
  from('e-9', 'a');
  await answer('e-4', [event(3), event(4)]);
  const { signal } = fetching.last;
  reader.join(link);
  assert.equal(signal.aborted, true);
  from('e-9', 'a');
  assert.equal(fetching.last.url.searchParams.get('since'), 'e-4');
  await answer('e-9', [event(8)]);
  assert.deepEqual(numbers(), [2, 3, 4, 8]);
});

test('another store: a gap that may be any, and all that it has', async () => {
  reader.add(['a'], 0);
  reader.join(link);
  from('e-7', 'a');
  hears(8);
  reader.hear({ type: 'gap', reason: 'epoch' } as Saying);
  hears(1, 'a', 'f');
  hears(2, 'a', 'f');
  assert.deepEqual(
    gaps.map(({ channel, certain }) => [channel, certain]),
    [[undefined, true]],
  );
  assert.deepEqual(numbers(), [8, 1, 2]);
  assert.equal(reader.cursor, 'f-2');
});

test('a gap of a channel that is not heard is nobody’s here', () => {
  reader.add(['a'], 0);
  reader.join(link);
  from('e-3', 'a');
  reader.hear({ type: 'gap', channel: 'b', until: 'e-9' } as Saying);
  // The log tells that one: it lies before the hub's beginning.
  reader.hear({ type: 'gap', channel: 'a', until: 'e-2' } as Saying);
  reader.hear({ type: 'gap', channel: 'a', until: 'e-9', certain: false } as Saying);
  assert.deepEqual(gaps, [{ channel: 'a', until: 'e-9', certain: false }]);
});

test('more than can wait while the log is read: all is asked for anew, and nothing is told twice', async () => {
  reader.add(['a'], 0);
  reader.join(link);
  from('e-1', 'a');
  reader.join(link);
  from('e-5', 'a');
  asked = [];
  for (let n = 6; n <= 20_007; n++) hears(n);
  assert.deepEqual(
    asked.map((asking) => asking.type === 'want' && asking.names),
    [['a']],
  );
  from('e-20007', 'a');
  assert.equal(fetching.last.url.searchParams.get('since'), 'e-1');
  // What waited is forgotten: one more is the first that waits.
  hears(20_008);
  assert.equal(asked.length, 1);
  await answer('e-20007', [event(4)]);
  assert.deepEqual(numbers(), [4, 20_008]);
});

test('a removed channel is heard no more, and added again it begins there', async () => {
  reader.add(['a', 'b'], 0);
  reader.join(link);
  from('e-1', 'a', 'b');
  reader.remove(['b']);
  hears(2, 'b');
  hears(3, 'a');
  reader.add(['b'], 0);
  from('e-4', 'b');
  assert.equal(fetching.last.url.searchParams.get('since'), 'e-3');
  await answer('e-4', [event(4, 'b')]);
  assert.deepEqual(numbers(), [3, 4]);
  assert.deepEqual(reader.names(), ['a', 'b']);
});
