import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ClientSpec, hashOf, type Line } from './history.ts';
import { judgeClients, judgeKept, judgePresses, judgeRaw } from './judge.ts';
import type { Finding } from './life.ts';
import { Random } from './random.ts';
import { scheduleOf } from './schedule.ts';
import { Truth } from './truth.ts';

/** A judge that never finds anything would make every run a good one: each thing that can go wrong is shown to it here. */

const PREFIX = 'log:';

function kept(n: number, channel = 'a', data = `text ${n}`, name = 'message'): string[] {
  return ['XADD', `${PREFIX}${channel}`, `${n}-0`, 'e', name, 'd', data, 'a', '1'];
}

const truth = new Truth(
  [1, 2, 3, 4, 5].map((n) => kept(n)),
  PREFIX,
);

const spec: ClientSpec = { id: 7, kind: 'stream', channels: ['a'], url: '' };

type Step = string | number | readonly ['gap' | 'open' | 'at' | 'event', ...(string | number)[]];

/** A number: that event came. */
function lines(...steps: Step[]): Line[] {
  return steps.map((step, t) => {
    const base = { t, c: 7 };
    if (typeof step === 'number')
      return { ...base, is: 'event', id: `e-${step}`, hash: hashOf('message', `text ${step}`) };
    if (typeof step === 'string') return { ...base, is: 'life', from: step === '' ? null : step };
    const [is, first, second] = step;
    if (is === 'gap') return { ...base, is, channel: String(first), until: `e-${second}` };
    if (is === 'event') return { ...base, is, id: `e-${first}`, hash: String(second) };
    return { ...base, is, at: `e-${first}` };
  }) as Line[];
}

function judged(steps: Line[], of: Truth = truth, logLength = 100, as: ClientSpec = spec): string[] {
  const findings: Finding[] = [];
  judgeClients([as], steps, of, logLength, (finding) => findings.push(finding));
  return findings.map(({ failing }) => failing);
}

describe('what a client heard', () => {
  test('everything once and in order is right', () => {
    assert.deepEqual(judged(lines('', ['open', 0], 1, 2, 3, 4, 5)), []);
  });

  test('what was before the client came is not missed', () => {
    assert.deepEqual(judged(lines('', ['open', 3], 4, 5)), []);
    assert.deepEqual(judged(lines('e-3', 4, 5)), []);
  });

  test('what comes after it has left is not missed', () => {
    assert.deepEqual(judged(lines('', ['open', 0], 1, 2)), []);
  });

  test('an event that never came was lost', () => {
    assert.deepEqual(judged(lines('', ['open', 0], 1, 2, 4, 5)), ['lost']);
  });

  test('a cursor that moves beyond what came has lost it', () => {
    assert.deepEqual(judged(lines('', ['open', 0], 1, 2, ['at', 3])), ['lost']);
    assert.deepEqual(judged(lines('', ['open', 0], 1, ['open', 3], 4, 5)), ['lost', 'lost']);
  });

  test('what no log holds any more had to be told', () => {
    assert.deepEqual(judged(lines('', ['open', 0], 4, 5), truth, 2), [
      'untold gaps',
      'untold gaps',
      'untold gaps',
    ]);
    assert.deepEqual(judged(lines('', ['open', 0], ['gap', 'a', 3], 4, 5), truth, 2), []);
  });

  test('a gap that tells less than is missing leaves the rest untold', () => {
    assert.deepEqual(judged(lines('', ['open', 0], ['gap', 'a', 2], 4, 5), truth, 2), ['untold gaps']);
  });

  test('a gap where nothing is missing is a false one', () => {
    assert.deepEqual(judged(lines('', ['open', 0], 1, 2, ['gap', 'a', 2], 3, 4, 5), truth, 2), [
      'false gaps',
    ]);
    assert.deepEqual(judged(lines('', ['open', 0], ['gap', 'b', 3], 1, 2, 3, 4, 5), truth, 2), [
      'false gaps',
    ]);
  });

  test('what is told as lost, and comes, or could have come, was a false gap', () => {
    assert.deepEqual(judged(lines('', ['open', 0], ['gap', 'a', 3], 3, 4, 5), truth, 2), ['false gaps']);
    assert.deepEqual(judged(lines('', ['open', 0], ['gap', 'a', 4], 5), truth, 2), ['false gaps']);
  });

  test('twice is doubled, before an earlier one is out of order', () => {
    assert.deepEqual(judged(lines('', ['open', 0], 1, 2, 2, 3, 4, 5)), ['doubled']);
    assert.deepEqual(judged(lines('', ['open', 0], 1, 3, 2, 4, 5)), ['out of order']);
  });

  test('other bytes, other channels and numbers of nothing are wrong', () => {
    assert.deepEqual(judged(lines('', ['open', 0], 1, 2, ['event', 3, 'else'], 4, 5)), ['wrong']);
    assert.deepEqual(judged(lines('', ['open', 0], 1, 2, 3, 4, 5, 6)), ['wrong']);
    const mixed = new Truth([kept(1), kept(2, 'b')], PREFIX);
    assert.deepEqual(judged(lines('', ['open', 0], 1, 2), mixed), ['wrong']);
  });

  test('going back begins anew', () => {
    assert.deepEqual(judged(lines('', ['open', 0], 1, 2, 3, 'e-1', ['open', 1], 2, 3, 4, 5)), []);
    assert.deepEqual(judged(lines('', ['open', 0], 1, 2, 3, 'e-1', ['open', 1], 3, 4, 5)), ['lost']);
  });

  test('giving up for ever is wrong', () => {
    const dead: Line = { t: 1, c: 7, is: 'dead', why: '503' };
    assert.deepEqual(judged([...lines('', ['open', 5]), dead]), ['given up']);
  });

  test('a dialect without words for gaps may miss something where it was cut, and nowhere else', () => {
    const plain: ClientSpec = { ...spec, kind: 'sse' };
    const cut: Line = { t: 1, c: 7, is: 'error', why: 'cut' };
    assert.deepEqual(judged([...lines('', 1), cut, ...lines(4, 5)], truth, 2, plain), []);
    assert.deepEqual(judged(lines('', 1, 4, 5), truth, 2, plain), ['untold gaps', 'untold gaps']);
    const silentAtFirst = lines('', 1, 4, 5).map((line, i) =>
      i === 0 ? line : { ...line, t: line.t + 1000 },
    );
    assert.deepEqual(judged(silentAtFirst, truth, 2, plain), []);
  });

  test("what had a number that was lost with Redis's own tail may have been heard", () => {
    const leapt = new Truth([kept(1), kept(1_000_003)], PREFIX);
    assert.deepEqual(judged(lines('', ['open', 0], 1, 2, 1_000_003), leapt), []);
  });
});

describe('a client that changes its channels', () => {
  const both = new Truth([kept(1, 'a'), kept(2, 'b'), kept(3, 'b'), kept(4, 'a'), kept(5, 'b')], PREFIX);
  const changing: ClientSpec = { ...spec, kind: 'envelope', session: 'x' };
  const came = (n: number, is: 'event' | 'late' = 'event'): Line => {
    const channel = both.get(n)?.channel ?? '';
    return { t: n, c: 7, is, id: `e-${n}`, hash: hashOf(channel, 'message', `text ${n}`) };
  };
  const ask = (channels: string[], since: number): Line => ({
    t: 9,
    c: 7,
    is: 'ask',
    channels,
    since: `e-${since}`,
  });
  const has = (channels: string[]): Line => ({ t: 9, c: 7, is: 'channels', channels });
  const begin = lines('', ['open', 0]);
  const judge = (...steps: Line[]) => judged([...begin, ...steps], both, 100, changing);

  test('hears what it had missed, late, and then all of both', () => {
    assert.deepEqual(
      judge(came(1), ask(['a', 'b'], 1), came(4), came(2, 'late'), came(3, 'late'), has(['a', 'b']), came(5)),
      [],
    );
  });

  test('misses what does not come late', () => {
    assert.deepEqual(judge(came(1), ask(['a', 'b'], 1), came(3, 'late'), has(['a', 'b']), came(4), came(5)), [
      'lost',
    ]);
  });

  test('hears nothing twice and nothing in another order', () => {
    const twice = judge(
      came(1),
      ask(['a', 'b'], 1),
      came(2, 'late'),
      came(3, 'late'),
      came(2, 'late'),
      came(4),
      came(5),
    );
    assert.deepEqual(twice, ['doubled', 'out of order']);
    assert.deepEqual(judge(came(1), came(4, 'late'), came(5)), ['wrong', 'wrong']);
  });

  test('begins with them anew when it is cut before they are complete', () => {
    const open = lines(['open', 1]);
    const steps = [came(1), ask(['a', 'b'], 1), came(2, 'late'), ...open, came(2, 'late'), came(3, 'late')];
    assert.deepEqual(judge(...steps, has(['a', 'b']), came(4), came(5)), []);
    assert.deepEqual(judge(...steps, has(['a', 'b']), came(4), came(5), came(3, 'late')), ['doubled']);
  });

  test('may be told of what was lost after all that came late', () => {
    const told = (...gap: Line[]) => {
      const late = [came(1), ask(['a', 'b'], 1), came(2, 'late'), has(['a', 'b']), ...gap];
      return judged([...begin, ...late, came(4), came(5)], both, 1, changing);
    };
    assert.deepEqual(told(...lines(['gap', 'b', 3])), []);
    assert.deepEqual(told(...lines(['gap', 'b', 2])), ['untold gaps', 'false gaps']);
    assert.deepEqual(told(), ['untold gaps']);
  });

  test('needs not hear what it has left', () => {
    assert.deepEqual(
      judge(came(1), ask(['b'], 1), came(2, 'late'), came(3, 'late'), has(['b']), came(5)),
      [],
    );
  });
});

describe('what publishers were told', () => {
  const found: string[] = [];
  const note = ({ failing }: Finding) => found.push(failing);
  const acknowledged = (n: number, data: string) => ({
    id: `e-${n}`,
    channel: 'a',
    name: 'message',
    data,
    t: 0,
  });

  test('must be in the log, as it was sent, once', () => {
    found.length = 0;
    judgeKept([acknowledged(2, 'text 2')], truth, note);
    assert.deepEqual(found, []);
    judgeKept([acknowledged(6, 'text 6'), acknowledged(3, 'other')], truth, note);
    assert.deepEqual(found, ['lost', 'wrong']);
    found.length = 0;
    judgeKept([], new Truth([kept(1, 'a', 'h:1 x'), kept(2, 'a', 'h:1 x')], PREFIX), note);
    assert.deepEqual(found, ['doubled']);
  });

  test('what a backend sends is kept in its order', () => {
    found.length = 0;
    judgeKept([], new Truth([kept(1, 'a', 'b:1'), kept(2, 'b', 'b:3'), kept(3, 'a', 'b:2')], PREFIX), note);
    assert.deepEqual(found, ['out of order']);
  });

  test('a number is given once', () => {
    found.length = 0;
    judgeKept([], new Truth([kept(1), kept(2), kept(2)], PREFIX), note);
    assert.deepEqual(found, ['wrong']);
  });

  test('a raw publish that an undisturbed app heard is kept, and none is kept twice', () => {
    const heard = new Truth([kept(1, 'a', 'r:1 x'), kept(2, 'a', 'r:2 x'), kept(3, 'a', 'r:2 x')], PREFIX);
    const sent = [1, 2, 3].map((n) => ({ t: 100_000, token: `r:${n}`, channel: 'a', reached: 2 }));
    found.length = 0;
    judgeRaw(sent, [], heard, note);
    assert.deepEqual(found, ['doubled', 'lost']);
    found.length = 0;
    const all = ['app1', 'app2'].map((app) => ({ app, from: 99_000, to: 101_000 }));
    judgeRaw(sent, all, heard, note);
    assert.deepEqual(found, ['doubled']);
  });

  test('presses count up', () => {
    const press = (n: number, count: number) => kept(n, 'button', JSON.stringify({ press: count }), 'press');
    found.length = 0;
    assert.equal(
      judgePresses(new Truth([press(1, 1), press(2, 2), press(3, 4), press(4, 4)], PREFIX), note),
      4,
    );
    assert.deepEqual(found, ['lost', 'doubled']);
  });
});

test('the same seed makes the same faults', () => {
  const schedule = (seed: number) => scheduleOf(new Random(seed), 120_000, 2_700);
  assert.deepEqual(schedule(5), schedule(5));
  assert.notDeepEqual(schedule(5), schedule(6));
  assert.ok(schedule(5).length > 30);
});
