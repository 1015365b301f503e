import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import type { PinstreamEvent } from '../../src/browser/client/api.ts';
import type { Asking } from '../../src/browser/client/messages.ts';
import { createReader, type Reader } from '../../src/browser/client/reader.ts';

/** A tab's place in what the hub tells, with a log that answers when the test says so. */

const PLACE = { url: 'http://pi/stream', token: '', credentials: 'omit' as const };

interface Question {
  readonly query: URLSearchParams;
  answer(cursor: string, ...ids: number[]): Promise<void>;
}

/** A hub that answers at once that it hears nothing of it yet. */
const LINK = {
  ask(asking: Asking) {
    if (asking.type === 'want') reader.hear({ type: 'from', cursor: '', names: [], answer: asking.count });
  },
  close: () => undefined,
};

let asked: Question[] = [];
let told: string[] = [];
let gaps: unknown[] = [];
let heard: (event: PinstreamEvent) => unknown = () => undefined;
let reader: Reader;
const real = globalThis.fetch;

beforeEach(() => {
  asked = [];
  told = [];
  gaps = [];
  heard = () => undefined;
  globalThis.fetch = ((address: URL) =>
    new Promise((answered) => {
      asked.push({
        query: address.searchParams,
        async answer(cursor, ...ids) {
          const events = ids.map((n) => event(n, address.searchParams.get('channel') as string));
          answered(Response.json({ cursor, events, gap: null }));
          // The answer is read and told before anything else is done.
          await new Promise((done) => setImmediate(() => setImmediate(done)));
        },
      });
    })) as typeof fetch;
});
afterEach(() => {
  globalThis.fetch = real;
});

function joined(cursor: string, names: string[]): Reader {
  reader = createReader(
    () => PLACE,
    cursor,
    (event) => {
      told.push(event.id);
      heard(event);
    },
    (gap) => gaps.push(gap),
  );
  reader.add(names, 0);
  reader.join(LINK);
  return reader;
}

function event(n: number, channel: string) {
  return { type: 'event', channel, event: 'message', data: '', at: 0, id: `e-${n}` } as const;
}

describe("a tab's place", () => {
  test('a hub that is behind says again what was heard already: it is not told twice', () => {
    joined('e-5', ['a']).hear({ type: 'from', cursor: 'e-3', names: ['a'] });
    for (const n of [4, 5, 6]) reader.hear(event(n, 'a'));
    assert.deepEqual(told, ['e-6']);
    assert.equal(reader.cursor, 'e-6');
    assert.equal(asked.length, 0);
  });

  test('what lies between it and where the hub begins is read, and told before what is live', async () => {
    joined('e-5', ['a']).hear({ type: 'from', cursor: 'e-9', names: ['a'] });
    reader.hear(event(10, 'a'));
    assert.equal(asked[0]?.query.get('since'), 'e-5');
    // The log may be ahead of the hub.
    await asked[0]?.answer('e-10', 6, 8, 10);
    assert.deepEqual(told, ['e-6', 'e-8', 'e-10']);
  });

  test('of two readings at once the second does not move the place over what still waits', async () => {
    joined('e-90', ['a']).hear({ type: 'from', cursor: 'e-90', names: ['a'] });
    reader.add(['slow'], 0);
    reader.hear({ type: 'at', cursor: 'e-100' });
    reader.hear({ type: 'from', cursor: 'e-100', names: ['slow'] });
    for (let n = 101; n <= 120; n++) reader.hear(event(n, 'a'));
    reader.add(['c'], 0);
    reader.hear({ type: 'from', cursor: 'e-120', names: ['c'] });
    await asked[1]?.answer('e-120');
    assert.deepEqual(told, []);
    // Of the slow one nothing was told yet: who goes on from here later shall hear of it.
    assert.equal(reader.cursor, 'e-90');

    // The page is put away now: all of it is asked for again.
    reader.join(LINK);
    reader.hear({ type: 'from', cursor: 'e-130', names: ['a', 'slow', 'c'] });
    const since = (name: string) =>
      asked
        .slice(2)
        .find(({ query }) => query.getAll('channel').includes(name))
        ?.query.get('since');
    assert.equal(since('a'), 'e-100');
    assert.equal(since('slow'), 'e-90');
  });

  test('what the hub says before it has answered is about what was wanted before', async () => {
    joined('e-5', ['a', 'b']).hear({ type: 'from', cursor: 'e-5', names: ['a', 'b'] });
    const wanted: Asking[] = [];
    reader.join({ ask: (asking) => void wanted.push(asking), close: () => undefined });
    reader.remove(['b']);
    reader.add(['b'], 0);
    // It hears b, but is about to give it up: it has not read yet that it is wanted again.
    reader.hear({ type: 'from', cursor: 'e-6', names: ['b'] });
    for (const asking of wanted)
      if (asking.type === 'want')
        reader.hear({ type: 'from', cursor: 'e-7', names: asking.names.slice(0, 1), answer: asking.count });
    assert.equal(wanted.length, 3);
    reader.hear({ type: 'from', cursor: 'e-9', names: ['b'] });
    assert.equal(asked.at(-1)?.query.get('channel'), 'b');
    assert.equal(asked.at(-1)?.query.get('since'), 'e-5');
    await asked.at(-1)?.answer('e-9', 6, 8, 9);
    assert.deepEqual(told, ['e-6', 'e-8', 'e-9']);
  });

  test('removed and added again before the hub has said from where on it tells it: nothing is missed', async () => {
    joined('e-5', ['a', 'b']).hear({ type: 'from', cursor: 'e-5', names: ['a'] });
    reader.hear(event(6, 'b'));
    reader.hear(event(7, 'a'));
    assert.equal(reader.cursor, 'e-5');
    reader.remove(['b']);
    reader.add(['b'], 0);
    reader.hear({ type: 'from', cursor: 'e-9', names: ['b'] });
    assert.equal(asked.at(-1)?.query.get('since'), 'e-5');
    await asked.at(-1)?.answer('e-9', 6, 8);
    assert.deepEqual(told, ['e-7', 'e-6', 'e-8']);
    // Once the hub knows that it is not wanted, it is another matter.
    reader.remove(['b']);
    reader.hear({ type: 'at', cursor: 'e-10' });
    reader.add(['b'], 0);
    reader.hear({ type: 'from', cursor: 'e-11', names: ['b'] });
    assert.equal(asked.at(-1)?.query.get('since'), 'e-10');
  });

  test('removed and added again while it is read: nothing is missed, and nothing told twice', async () => {
    joined('e-5', ['a', 'b']).hear({ type: 'from', cursor: 'e-5', names: ['a'] });
    reader.hear({ type: 'from', cursor: 'e-20', names: ['b'] });
    // A page that does not reach to where the hub begins.
    await asked[0]?.answer('e-8', 6, 7);
    reader.remove(['b']);
    const { length } = asked;
    reader.add(['b'], 0);
    // What was read is a removed one's.
    await asked[1]?.answer('e-20', 9, 10);
    assert.deepEqual(told, ['e-6', 'e-7']);
    reader.hear({ type: 'from', cursor: 'e-21', names: ['a', 'b'] });
    const again = asked.slice(length);
    const of = (name: string) => again.find(({ query }) => query.get('channel') === name);
    // All of a up to where the hub was by then was said.
    assert.equal(of('a')?.query.get('since'), 'e-20');
    assert.equal(of('b')?.query.get('since'), 'e-8');
    await of('a')?.answer('e-21', 21);
    await of('b')?.answer('e-21', 9, 10);
    assert.deepEqual(told, ['e-6', 'e-7', 'e-21', 'e-9', 'e-10']);
    assert.equal(reader.cursor, 'e-21');
  });

  test('a handler that removes a channel while it is read: the others are told the rest, each once, and go on', async () => {
    joined('e-5', ['a', 'b']).hear({ type: 'from', cursor: 'e-20', names: ['a', 'b'] });
    heard = ({ id }) => id === 'e-7' && reader.remove(['b']);
    await asked[0]?.answer('e-20', 6, 7, 8);
    assert.deepEqual(told, ['e-6', 'e-7']);
    reader.hear({ type: 'from', cursor: 'e-20', names: ['a'] });
    assert.equal(asked.at(-1)?.query.get('since'), 'e-7');
    await asked.at(-1)?.answer('e-20', 8);
    reader.hear(event(21, 'a'));
    assert.deepEqual(told, ['e-6', 'e-7', 'e-8', 'e-21']);
    assert.equal(reader.cursor, 'e-21');
  });

  test('what was published since the hub first said where it is, is heard, though it has to be asked once more', async () => {
    joined('', ['a']);
    const wanted: Asking[] = [];
    const link = { ask: (asking: Asking) => void wanted.push(asking), close: () => undefined };
    reader.join(link);
    // It did not know this tab when it was asked: it is asked again, and has answered the first time as well.
    reader.join(link);
    const [first, second] = wanted.map((asking) => (asking.type === 'want' ? asking.count : 0));
    reader.hear({ type: 'from', cursor: 'e-4', names: ['a'], answer: first as number });
    assert.equal(reader.cursor, 'e-4');
    reader.add(['b'], 0);
    reader.hear({ type: 'from', cursor: 'e-6', names: ['a'], answer: second as number });
    reader.hear({ type: 'from', cursor: 'e-6', names: ['a'], answer: (second as number) + 1 });
    assert.equal(asked.at(-1)?.query.get('since'), 'e-4');
    await asked.at(-1)?.answer('e-6', 5);
    reader.hear({ type: 'from', cursor: 'e-8', names: ['b'] });
    // It began where the stream was when it was added: a had not been told any further.
    assert.equal(asked.at(-1)?.query.get('channel'), 'b');
    assert.equal(asked.at(-1)?.query.get('since'), 'e-4');
    await asked.at(-1)?.answer('e-8', 7);
    assert.deepEqual(told, ['e-5', 'e-7']);
  });

  test('a channel that overlaps a pattern brings nothing twice', async () => {
    joined('e-1', ['a*']).hear({ type: 'from', cursor: 'e-1', names: ['a*'] });
    reader.add(['ab'], 0);
    reader.hear(event(2, 'ab'));
    reader.hear({ type: 'from', cursor: 'e-3', names: ['ab'] });
    await asked[0]?.answer('e-3', 2);
    reader.hear(event(4, 'ab'));
    assert.deepEqual(told, ['e-2', 'e-4']);
  });

  test('a new store begins before all that was heard', () => {
    joined('e-5', ['a']).hear({ type: 'from', cursor: 'e-5', names: ['a'] });
    reader.hear({ type: 'gap', reason: 'epoch' });
    reader.hear({ type: 'at', cursor: 'f-0' });
    reader.hear({ ...event(1, 'a'), id: 'f-1' });
    assert.deepEqual(told, ['f-1']);
    assert.deepEqual(gaps, [{ channel: undefined, until: undefined, certain: true }]);
  });
});
