import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import type { Audience, Member } from '../../src/app/sse/audience.ts';
import { Audiences } from '../../src/app/sse/audiences.ts';
import type { Dialect } from '../../src/app/sse/dialects.ts';
import { matches } from '../../src/contract/channel.ts';

interface Stream extends Member {
  readonly names: readonly string[];
  readonly dialect: Dialect;
  readonly rev: number;
  readonly audience: Audience;
}

/** Whom an event on each channel reaches: each stream as often as it would get it. */
function reached(audiences: Audiences, channels: readonly string[]): Member[][] {
  return channels.map((channel) =>
    [...audiences.concernedBy(channel)].flatMap(({ members }) => [...members]),
  );
}

function meant(streams: ReadonlySet<Stream>, channel: string): Set<Member> {
  return new Set([...streams].filter(({ names }) => names.some((name) => matches(name, channel))));
}

function comes(audiences: Audiences, names: readonly string[], dialect: Dialect = 'stream', rev = 0): Stream {
  const audience = audiences.of(names, dialect, rev);
  const stream = { names, dialect, rev, audience, deliver: () => undefined };
  audience.members.add(stream);
  return stream;
}

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** What is still held of some work, in bytes. */
function held(work: () => unknown): number {
  collect();
  const before = process.memoryUsage().heapUsed;
  const result = work();
  collect();
  const after = process.memoryUsage().heapUsed;
  assert.notEqual(result, undefined); // so that it is held until here
  return after - before;
}

const letters = (maxLength: number, unit: string[]) =>
  fc.string({ unit: fc.constantFrom(...unit), minLength: 1, maxLength });
const channel = letters(6, ['a', 'b', '-', '🔘']);
/** Of the same few beginnings and ends, so that many are filed in one place. */
const pattern = fc
  .tuple(
    fc.constantFrom('', 'a', 'ab', 'a-b'),
    letters(3, ['*', 'a', 'b', '🔘']),
    fc.constantFrom('', 'a', '🔘'),
  )
  .map(([first, middle, last]) => `${first}*${middle}${last}`);
const name = fc.oneof(channel, pattern);

const step = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      names: fc.array(name, { minLength: 1, maxLength: 12 }),
      dialect: fc.constantFrom<Dialect>('stream', 'sse'),
      rev: fc.constantFrom(0, 1),
    }),
  },
  { weight: 1, arbitrary: fc.record({ leaves: fc.nat() }) },
);

describe('an event', () => {
  test('reaches once each stream that a comparison with all would find, whoever has come and left', () => {
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 40, size: 'max' }),
        fc.array(channel, { minLength: 3, maxLength: 8 }),
        (steps, channels) => {
          const audiences = new Audiences();
          const streams = new Set<Stream>();
          for (const one of steps) {
            if ('names' in one) streams.add(comes(audiences, one.names, one.dialect, one.rev));
            const leaving = 'leaves' in one ? [...streams][one.leaves % streams.size] : undefined;
            if (leaving) {
              streams.delete(leaving);
              audiences.leave(leaving.audience, leaving);
            }
            const found = reached(audiences, channels);
            for (const each of channels)
              for (const { members } of audiences.concernedBy(each)) assert.notEqual(members.size, 0);
            assert.deepEqual(
              found.map((members) => members.length),
              channels.map((each) => meant(streams, each).size),
            );
            assert.deepEqual(
              found.map((members) => new Set(members)),
              channels.map((each) => meant(streams, each)),
            );
          }
          const open = new Set([...streams].map(({ audience }) => audience));
          assert.deepEqual(new Set(audiences.all), open);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('reaches a stream of a long pattern, of one with only stars, and of the channel itself, each once', () => {
    const audiences = new Audiences();
    const long = 'x'.repeat(199);
    const names = ['*', '****', `${long}*`, `*${long}`, `${long}y`, `${long}*y`, `*${'x*'.repeat(3)}y`];
    const streams = names.map((each) => comes(audiences, [each]));
    const all = comes(audiences, names);
    const [found = []] = reached(audiences, [`${long}y`]);
    const [, , , endsWithX] = streams;
    assert.equal(found.length, streams.length);
    assert.deepEqual(new Set(found), new Set([...streams.filter((one) => one !== endsWithX), all]));
  });
});

describe('an audience', () => {
  test('is one for all who listen to the same, in whatever order they say it, in the same dialect after as many changes', () => {
    const audiences = new Audiences();
    const hundred = Array.from({ length: 100 }, (_, i) => `${'room '.repeat(30)}${i}`);
    for (const names of [['b', 'a', 'room-*'], hundred]) {
      const one = audiences.of(names, 'stream', 0);
      assert.equal(audiences.of([...names, ...names].reverse(), 'stream', 0), one);
      assert.deepEqual(one.channels, [...names].sort());
      assert.notEqual(audiences.of(names, 'sse', 0), one);
      assert.notEqual(audiences.of(names, 'stream', 1), one);
      assert.notEqual(audiences.of(names.slice(1), 'stream', 0), one);
    }
    assert.equal([...audiences.all].length, 8);
  });

  test('that a stream leaves a second time, after another took its place, leaves that one alone', () => {
    const audiences = new Audiences();
    const left = comes(audiences, ['a', 'b*']);
    audiences.leave(left.audience, left);
    const open = comes(audiences, ['a', 'b*']);
    audiences.leave(left.audience, left);
    assert.deepEqual([...audiences.all], [open.audience]);
    assert.deepEqual(reached(audiences, ['a', 'b1']), [[open], [open]]);
  });
});

describe('what is held', () => {
  test('of streams that have come and gone with channels and patterns of their own is nothing', () => {
    const audiences = new Audiences();
    const comeAndGo = (from: number) => {
      for (let i = from; i < from + 10_000; i++) {
        const stream = comes(audiences, [`user-${i}-*`, `*-${i}`, `*-${i}-*`, `user-${i}`]);
        audiences.leave(stream.audience, stream);
      }
      return audiences;
    };
    comeAndGo(0);
    assert.equal(held(() => comeAndGo(10_000)) < 1_000_000, true);
  });

  test('of a stream that has left is nothing, also while others of its audience stay', () => {
    const audiences = new Audiences();
    const first = (from: number) => {
      for (let i = from; i < from + 1_000; i++) {
        const audience = audiences.of([`${i}`], 'stream', 0);
        const large = { deliver: () => undefined, page: Array.from({ length: 1_000 }, () => i) };
        for (const member of [large, { deliver: () => undefined }]) audience.members.add(member);
        audiences.leave(audience, large);
      }
      return audiences;
    };
    first(0);
    assert.equal(held(() => first(1_000)) < 4_000_000, true);
  });

  test('of a stream that names a channel is not the whole address in which it did', () => {
    const audiences = new Audiences();
    const open = (from: number) =>
      Array.from({ length: 1_000 }, (_, i) => {
        const query = new URLSearchParams(
          `channel=some-channel-of-mine-${from + i}&token=${'x'.repeat(8_000)}`,
        );
        return audiences.of(query.getAll('channel'), 'stream', 0);
      });
    open(0);
    assert.equal(held(() => open(1_000)) < 4_000_000, true);
  });
});
