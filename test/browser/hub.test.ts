import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { createHub, type Hub } from '../../src/browser/client/hub.ts';
import type { Saying } from '../../src/browser/client/messages.ts';
import { FakeFetch } from '../support/fakeFetch.ts';

const PLACE = { url: 'http://app/stream', token: '', credentials: 'same-origin' } as const;

let fetching: FakeFetch;
/** What was said, and to whom: '' is all. */
let said: [string, Saying][];
let hub: Hub;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 1_000_000 });
  fetching = new FakeFetch();
  said = [];
  hub = createHub(PLACE, (sayings, to = '') =>
    said.push(...sayings.map((saying): [string, Saying] => [to, saying])),
  );
});

afterEach(async () => {
  hub.close();
  await settled();
  fetching.restore();
  mock.timers.reset();
});

async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((done) => setImmediate(done));
}

async function want(id: string, ...names: string[]): Promise<void> {
  hub.hear(id, { type: 'want', names, count: 1 });
  await settled();
}

async function open(cursor: string): Promise<void> {
  const channels = asked();
  fetching.last.stream();
  fetching.last.tell({ type: 'open', cursor, channels, heartbeat: 600_000 }, cursor);
  await settled();
}

/** The channels of the newest stream, or change. */
function asked(): string[] {
  const { method, url, body } = fetching.last;
  return method === 'PUT' ? JSON.parse(body).channels : url.searchParams.getAll('channel');
}

async function changed(stream: FakeFetch['last'], id: string): Promise<void> {
  fetching.last.answer(200, '{}');
  stream.tell({ type: 'channels', channels: asked() }, id);
  await settled();
}

const types = (id: string) => said.filter(([to]) => to === id).map(([, { type }]) => type);

test('one stream for all tabs, with the channels of all of them, each once, in one order', async () => {
  await want('1', 'b', 'a');
  await want('2', 'a', 'c');
  assert.deepEqual(asked(), ['a', 'b']);
  await open('e-1');
  assert.deepEqual(asked(), ['a', 'b', 'c']);
  assert.equal(fetching.last.method, 'PUT');
});

test('a tab that comes later is told how things stand, and from where on it hears what others hear already', async () => {
  await want('1', 'a', 'b');
  await open('e-5');
  said = [];
  await want('2', 'a', 'c');
  assert.deepEqual(types('2'), ['status', 'from']);
  const [status, from] = said.map(([, saying]) => saying);
  assert.equal(status?.type === 'status' && status.status.state, 'live');
  assert.deepEqual(from, { type: 'from', cursor: 'e-5', names: ['a'], answer: 1 });
});

test('what is no longer wanted leaves the stream: with its tab, or by itself', async () => {
  await want('1', 'a', 'b');
  await want('2', 'c');
  const [stream] = fetching.all;
  assert.ok(stream);
  await open('e-1');
  await changed(stream, 'e-1.1');
  await want('1', 'a');
  assert.deepEqual(asked(), ['a', 'c']);
  await changed(stream, 'e-1.2');
  hub.hear('2', { type: 'bye' });
  await settled();
  assert.deepEqual(asked(), ['a']);
  await changed(stream, 'e-1.3');
  hub.hear('1', { type: 'bye' });
  await settled();
  assert.equal(stream.signal.aborted, true);
});

test('what one tab gave up a moment ago another one gets from the stream, not from what it was', async () => {
  await want('1', 'a', 'b');
  await open('e-1');
  const stream = fetching.last;
  // The change without b is under way, and what is published on b until the next one does not come.
  await want('1', 'a');
  said = [];
  await want('2', 'b');
  assert.deepEqual(types('2'), ['status', 'from']);
  await changed(stream, 'e-3.1');
  assert.deepEqual(asked(), ['a', 'b']);
  await changed(stream, 'e-7.2');
  assert.deepEqual(
    said.map(([, saying]) => saying).filter((saying) => saying.type === 'from' && !saying.answer),
    [{ type: 'from', cursor: 'e-7', names: ['b'] }],
  );
});

test('what is given up while it is being added, and wanted again while it is being removed, is heard from anew', async () => {
  await want('1', 'a');
  await open('e-1');
  const stream = fetching.last;
  await want('1', 'a', 'b');
  await want('1', 'a');
  await changed(stream, 'e-3.1');
  // Now the change without b is under way.
  assert.deepEqual(asked(), ['a']);
  said = [];
  await want('2', 'b');
  assert.deepEqual(types('2'), ['status', 'from']);
  await changed(stream, 'e-5.2');
  await changed(stream, 'e-7.3');
  assert.deepEqual(
    said.map(([, saying]) => saying).filter((saying) => saying.type === 'from' && !saying.answer),
    [{ type: 'from', cursor: 'e-7', names: ['b'] }],
  );
});

test('what was given up with a change that is refused is still there for who wants it again', async () => {
  await want('1', 'a', 'b');
  await open('e-1');
  await want('1', 'a', 'vault');
  await want('2', 'b');
  said = [];
  fetching.last.answer(403, '{"error":"Not for you."}');
  await settled();
  const begun = () => said.some(([, saying]) => saying.type === 'from' && saying.names.includes('b'));
  // Nobody knows whose fault it was: it is told to come again, and hears it then.
  assert.equal(hub.has('2'), false);
  assert.equal(begun(), false);
  await want('2', 'b');
  assert.equal(fetching.last.method, 'GET');
  await open('e-4');
  assert.equal(begun(), true);
});

test('a change that only gives some up is refused: a stream with the others begins, and nothing is asked for over and over', async () => {
  await want('1', 'a', 'b');
  await open('e-1');
  const stream = fetching.last;
  await want('1', 'a');
  assert.equal(fetching.last.method, 'PUT');
  fetching.last.answer(403, '{"error":"Nobody may PUT here."}');
  await settled();
  assert.equal(stream.signal.aborted, true);
  assert.deepEqual(
    fetching.all.map(({ method }) => method),
    ['GET', 'PUT', 'GET'],
  );
  assert.deepEqual(asked(), ['a']);
  assert.equal(hub.has('1'), true);
});

test('a change that is refused: who has what was granted already hears nothing of it', async () => {
  await want('1', 'a');
  await open('e-1');
  await want('2', 'a', 'vault');
  said = [];
  fetching.last.answer(401, '{"error":"\\"vault\\" needs a token."}');
  await settled();
  assert.deepEqual(said, [['2', { type: 'refused', reason: '"vault" needs a token.' }]]);
  assert.equal(hub.has('1'), true);
  assert.equal(hub.has('2'), false);
  assert.equal(fetching.all[0]?.signal.aborted, false);
});

test('a stream that is refused: all who came are told, and come back by themselves', async () => {
  await want('1', 'a');
  await want('2', 'vault');
  fetching.last.answer(403, '{"error":"Not for you."}');
  await settled();
  assert.deepEqual(
    said.filter(([, { type }]) => type === 'refused').map(([to]) => to),
    ['1', '2'],
  );
  const { length } = fetching.all;
  mock.timers.tick(120_000);
  await settled();
  assert.equal(fetching.all.length, length);
  await want('1', 'a');
  assert.deepEqual(asked(), ['a']);
});

test('a tab that nobody knows is told so, one that is known that the hub lives, and each only itself', async () => {
  await want('1', 'a');
  said = [];
  hub.hear('1', { type: 'here' });
  hub.hear('2', { type: 'here' });
  hub.hear('3', { type: 'wake', always: true });
  assert.deepEqual(said, [
    ['1', { type: 'here' }],
    ['2', { type: 'unknown' }],
    ['3', { type: 'unknown' }],
  ]);
});

test('a tab that was not heard of for three minutes is gone, one that asks is not', async () => {
  await want('1', 'a');
  await want('2', 'b');
  await open('e-1');
  for (let minute = 0; minute < 5; minute++) {
    hub.hear('1', { type: 'here' });
    mock.timers.tick(60_000);
    await settled();
  }
  assert.equal(hub.has('1'), true);
  assert.equal(hub.has('2'), false);
});
