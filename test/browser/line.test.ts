import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import type { Status } from '../../src/browser/client/api.ts';
import { createLine, type Line } from '../../src/browser/client/line.ts';
import type { Saying } from '../../src/browser/client/messages.ts';
import { FakeFetch } from '../support/fakeFetch.ts';

const PLACE = { url: 'http://app/stream', token: '', credentials: 'same-origin' } as const;

let fetching: FakeFetch;
let said: Saying[];
let refusals: unknown[];
let line: Line;

beforeEach(() => {
  mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'Date'], now: 1_000_000 });
  fetching = new FakeFetch();
  said = [];
  refusals = [];
  line = createLine(
    PLACE,
    (sayings) => said.push(...sayings),
    (refusal) => {
      refusals.push([refusal.status, refusal.message]);
      line.want([]);
    },
  );
});

afterEach(async () => {
  line.want([]);
  await settled();
  fetching.restore();
  mock.timers.reset();
  mock.restoreAll();
});

/** What was promised has gone on: a stream of the platform takes a few turns for each piece. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise((done) => setImmediate(done));
}

async function pass(milliseconds: number): Promise<void> {
  mock.timers.tick(milliseconds);
  await settled();
}

function statuses(): Status[] {
  return said.flatMap((saying) => (saying.type === 'status' ? saying.status : []));
}

function wait(): number {
  const { state, retryAt = 0 } = statuses().at(-1) as Status;
  assert.equal(state, 'waiting');
  return retryAt - Date.now();
}

async function open(cursor = 'e-1', heartbeat = 15_000): Promise<void> {
  const channels = fetching.last.url.searchParams.getAll('channel');
  fetching.last.stream();
  fetching.last.tell({ type: 'open', cursor, channels, heartbeat }, cursor);
  await settled();
}

async function failing(chance: number, times: number): Promise<number[]> {
  mock.method(Math, 'random', () => chance);
  line.want(['a']);
  await settled();
  const waits: number[] = [];
  while (waits.length < times) {
    fetching.last.fail();
    await settled();
    waits.push(wait());
    const { length } = fetching.all;
    await pass((waits.at(-1) as number) - 1);
    assert.equal(fetching.all.length, length, 'asked before its time');
    await pass(1);
    assert.equal(fetching.all.length, length + 1, 'did not ask when it was time');
  }
  return waits;
}

test('full jitter: with luck a quarter of a second, each time', async () => {
  assert.deepEqual(await failing(0, 8), Array(8).fill(250));
});

test('full jitter: without luck twice as long each time, and never more than the cap', async () => {
  const most = [1_250, 2_250, 4_250, 8_250, 16_250, 30_250];
  assert.deepEqual(await failing(1, 130), [...most, ...Array(124).fill(30_250)]);
});

test('what was live begins anew with a short wait', async () => {
  await failing(1, 6);
  await open();
  fetching.last.end();
  await settled();
  // An open stream that ended: as long as its `retry:` says, by default three seconds.
  assert.equal(wait(), 3_000);
  await pass(3_000);
  fetching.last.fail();
  await settled();
  assert.equal(wait(), 1_250);
});

test('Retry-After is honoured, however short the own wait would be, and nonsense in it is none', async () => {
  mock.method(Math, 'random', () => 0);
  line.want(['a']);
  for (const [header, expected] of [
    ['120', 120_000],
    ['0', 250],
    ['Sat, 21 Nov 2026 23:00:00 GMT', 250],
  ] as const) {
    await settled();
    fetching.last.answer(503, '{"error":"Away."}', { 'retry-after': header });
    await settled();
    assert.equal(statuses().at(-1)?.reason, 'Away.');
    assert.equal(wait(), expected);
    await pass(expected);
  }
});

test('an answer that stays the same is not asked for again: whose it is, is told', async () => {
  for (const status of [400, 401, 403, 404, 410]) {
    line.want(['a']);
    await settled();
    fetching.last.answer(status, `{"error":"Because of ${status}."}`);
    await settled();
  }
  assert.deepEqual(
    refusals,
    [400, 401, 403, 404, 410].map((status) => [status, `Because of ${status}.`]),
  );
  const { length } = fetching.all;
  await pass(120_000);
  assert.equal(fetching.all.length, length);
});

test('a network that is back ends the wait at once', async () => {
  line.want(['a']);
  await settled();
  fetching.last.fail();
  await settled();
  wait();
  line.wake(false);
  await settled();
  assert.equal(fetching.all.length, 2);
});

test('an open stream is only left for it when it may be dead', async () => {
  line.want(['a']);
  await settled();
  await open('e-1', 10_000);
  const stream = fetching.last;
  line.wake(false);
  await settled();
  assert.equal(stream.signal.aborted, false);
  await pass(12_500);
  line.wake(false);
  await settled();
  assert.equal(stream.signal.aborted, true);
  assert.equal(fetching.all.length, 2);
  await open('e-1', 10_000);
  line.wake(true);
  await settled();
  assert.equal(fetching.all.length, 3);
});

test('the watchdog: two and a half heartbeats, and each piece sets it back', async () => {
  line.want(['a']);
  await settled();
  await open('e-1', 10_000);
  const stream = fetching.last;
  await pass(24_999);
  stream.tell({ type: 'ping', cursor: 'e-3' }, 'e-3');
  await settled();
  await pass(24_999);
  assert.equal(fetching.all.length, 1);
  await pass(1);
  assert.equal(fetching.all.length, 2);
  assert.equal(fetching.last.url.searchParams.get('last_event_id'), 'e-3');
  assert.equal(statuses().at(-1)?.state, 'connecting');
  assert.equal(statuses().at(-1)?.reason, 'The stream fell silent.');
});

/** Answers polls, each after as long as the server may take, until the time for a stream has come. */
async function polling(seconds: number): Promise<void> {
  const until = Date.now() + seconds * 1000;
  for (let polls = 0; ; polls++) {
    const { pathname, searchParams } = fetching.last.url;
    assert.equal(pathname, '/events');
    assert.equal(searchParams.get('channel'), 'a');
    // The first one is answered at once.
    if (searchParams.has('since')) assert.equal(searchParams.get('wait'), polls === 0 ? '0' : '20');
    fetching.last.answer(200, '{"cursor":"e-5","events":[],"gap":null}');
    await settled();
    if (Date.now() >= until) return;
    assert.equal(statuses().at(-1)?.state, 'polling');
    await pass(Math.min(20_000, until - Date.now()));
  }
}

test('a stream without a first word: it polls, and tries a stream again after 60 s, then after 120, up to 10 minutes', async () => {
  line.want(['a']);
  await settled();
  for (const seconds of [60, 120, 240, 480, 600, 600]) {
    assert.equal(fetching.last.url.pathname, '/stream');
    fetching.last.stream();
    await pass(2_999);
    assert.equal(fetching.last.url.pathname, '/stream');
    await pass(1);
    await polling(seconds);
  }
  // Streams get through again, and stay: from then on it is as at the first time.
  assert.equal(fetching.last.url.pathname, '/stream');
  assert.equal(fetching.last.url.searchParams.get('last_event_id'), 'e-5');
  await open('e-5');
  fetching.last.tell({ type: 'ping', cursor: 'e-5' }, 'e-5');
  await settled();
  assert.equal(statuses().at(-1)?.state, 'live');
  fetching.last.end();
  await settled();
  await pass(3_000);
  await pass(3_000);
  await polling(60);
  assert.equal(fetching.last.url.pathname, '/stream');
});

test('a stream that falls silent twice in a row is held back too', async () => {
  line.want(['a']);
  await settled();
  await open('e-1', 10_000);
  await pass(25_000);
  assert.equal(fetching.last.url.pathname, '/stream');
  await open('e-1', 10_000);
  await pass(25_000);
  assert.equal(fetching.last.url.pathname, '/events');
  assert.equal(fetching.last.url.searchParams.get('since'), 'e-1');
});

test('a poll that nobody answers is given up', async () => {
  line.want(['a']);
  await settled();
  await pass(3_000);
  assert.equal(fetching.last.url.pathname, '/events');
  await pass(35_000);
  assert.equal(statuses().at(-1)?.state, 'waiting');
  assert.match(statuses().at(-1)?.reason ?? '', /^The server .+\.$/);
});

test('who polls hears each event once, and changes channels at once', async () => {
  line.want(['a']);
  await settled();
  await pass(3_000);
  const event = (n: number) => ({ id: `e-${n}`, channel: 'a', event: 'message', data: `${n}`, at: 1 });
  fetching.last.answer(200, '{"cursor":"e-1","events":[],"gap":null}');
  await settled();
  assert.equal(fetching.last.url.searchParams.get('since'), 'e-1');
  fetching.last.answer(200, JSON.stringify({ cursor: 'e-3', events: [event(2), event(3)], gap: null }));
  await settled();
  assert.equal(fetching.last.url.searchParams.get('since'), 'e-3');
  const held = fetching.last;
  line.want(['a', 'b']);
  await settled();
  assert.equal(held.signal.aborted, true);
  assert.deepEqual(fetching.last.url.searchParams.getAll('channel'), ['a', 'b']);
  const gap = [{ channel: 'b', until: 'e-4', certain: true }];
  fetching.last.answer(200, JSON.stringify({ cursor: 'e-5', events: [event(5)], gap }));
  await settled();
  assert.deepEqual(
    said.flatMap((saying) => {
      if (saying.type === 'event') return saying.id;
      if (saying.type === 'from') return `from ${saying.cursor}: ${saying.names}`;
      return saying.type === 'gap' ? `gap on ${saying.channel}` : [];
    }),
    ['from e-1: a', 'e-2', 'e-3', 'from e-3: b', 'gap on b', 'e-5'],
  );
});

test('channels change on the open stream, one change after another', async () => {
  line.want(['a']);
  await settled();
  await open();
  const stream = fetching.last;
  const session = stream.url.searchParams.get('session');
  assert.match(session ?? '', /^[\w-]{22,64}$/);
  line.want(['a', 'b']);
  line.want(['a', 'b', 'c']);
  await settled();
  assert.deepEqual([fetching.last.method, fetching.last.url.pathname], ['PUT', `/stream/${session}`]);
  assert.deepEqual(JSON.parse(fetching.last.body), { channels: ['a', 'b'] });
  fetching.last.answer(200, '{}');
  await settled();
  assert.equal(fetching.all.length, 2);
  stream.tell({ type: 'channels', channels: ['a', 'b'] }, 'e-4.1');
  await settled();
  assert.deepEqual(JSON.parse(fetching.last.body), { channels: ['a', 'b', 'c'] });
  fetching.last.answer(200, '{}');
  stream.tell({ type: 'channels', channels: ['a', 'b', 'c'] }, 'e-5.2');
  await settled();
  const begun = said.flatMap((saying) => (saying.type === 'from' ? [[saying.cursor, saying.names]] : []));
  assert.deepEqual(begun, [
    ['e-1', ['a']],
    ['e-4', ['b']],
    ['e-5', ['c']],
  ]);
  assert.equal(stream.signal.aborted, false);
});

test('a change that the stream never comes to: a new stream has the channels from its beginning', async () => {
  line.want(['a']);
  await settled();
  await open();
  const stream = fetching.last;
  line.want(['a', 'b']);
  await settled();
  fetching.last.answer(200, '{}');
  await settled();
  await pass(10_000);
  assert.equal(stream.signal.aborted, true);
  assert.equal(fetching.last.url.pathname, '/stream');
  assert.deepEqual(fetching.last.url.searchParams.getAll('channel'), ['a', 'b']);
  assert.equal(fetching.last.url.searchParams.get('last_event_id'), 'e-1');
});

for (const status of [404, 409, 503, 507])
  test(`a change that is answered with ${status} is made by a new stream`, async () => {
    line.want(['a']);
    await settled();
    await open();
    line.want(['a', 'b']);
    await settled();
    fetching.last.answer(status);
    await settled();
    assert.equal(fetching.last.url.pathname, '/stream');
    assert.deepEqual(fetching.last.url.searchParams.getAll('channel'), ['a', 'b']);
    assert.deepEqual(refusals, []);
  });

test('nobody listens any more: the stream ends, and who comes later begins anew', async () => {
  line.want(['a']);
  await settled();
  await open('e-7');
  const stream = fetching.last;
  line.want([]);
  await settled();
  assert.equal(stream.signal.aborted, true);
  assert.equal(line.track.cursor, '');
  line.want(['b']);
  await settled();
  assert.equal(fetching.last.url.searchParams.has('last_event_id'), false);
});
test('a server that wants to be left alone for longer than timers can count is left alone', async () => {
  line.want(['a']);
  await settled();
  fetching.last.answer(503, '', { 'retry-after': '9999999' });
  await settled();
  assert.ok(wait() < 2 ** 31, 'a timer of so long runs out at once');
});
