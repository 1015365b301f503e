import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Gathering } from '../../src/app/sse/gathering.ts';

const one = { who: 'one' };
const two = { who: 'two' };
const three = { who: 'three' };

test('whoever leaves while all are gone through is left out, and nobody else is skipped or met twice', () => {
  for (const [leaving, met] of [
    [[one], [one, two, three]],
    [[two], [one, three]],
    [
      [one, two],
      [one, three],
    ],
    [[one, two, three], [one]],
  ] as const) {
    const gathering = new Gathering(one);
    gathering.add(two);
    gathering.add(three);
    const heard: unknown[] = [];
    for (const member of gathering) {
      heard.push(member);
      if (member === one) for (const other of leaving) gathering.delete(other);
    }
    assert.deepEqual(heard, met);
  }
});

test('one alone who leaves when its turn comes has had it', () => {
  const gathering = new Gathering(one);
  const heard: unknown[] = [];
  for (const member of gathering) {
    gathering.delete(member);
    heard.push(member);
  }
  assert.deepEqual([heard, [...gathering], gathering.size], [[one], [], 0]);
});

test('whoever comes and leaves in whatever order, it holds what a Set would', () => {
  const step = fc.record({ comes: fc.boolean(), who: fc.constantFrom(one, two, three) });
  fc.assert(
    fc.property(fc.option(fc.constantFrom(one, two), { nil: undefined }), fc.array(step), (first, steps) => {
      const gathering = new Gathering(first);
      const all = new Set(first ? [first] : []);
      for (const { comes, who } of steps) {
        if (comes) {
          gathering.add(who);
          all.add(who);
        } else assert.equal(gathering.delete(who), all.delete(who));
        assert.deepEqual([[...gathering], gathering.size], [[...all], all.size]);
      }
    }),
  );
});
