import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PatternIndex } from '../../src/app/sse/patternIndex.ts';
import { matches } from '../../src/contract/channel.ts';

const text = (maxLength: number, unit: string[]) => fc.string({ unit: fc.constantFrom(...unit), maxLength });
/** Of the same few beginnings and ends, so that many are filed in one place. */
const pattern = fc
  .tuple(text(2, ['a', 'b', '🔘']), text(4, ['*', 'a', 'b']), text(2, ['a', '🔘']))
  .map(([first, middle, last]) => `${first}*${middle}${last}`);

test('finds the patterns that a comparison with all would find, whichever have come and gone', () => {
  fc.assert(
    fc.property(
      fc.array(fc.record({ text: pattern, stays: fc.boolean() }), { maxLength: 60, size: 'max' }),
      fc.array(text(8, ['a', 'b', '🔘']), { minLength: 2, maxLength: 6 }),
      (given, channels) => {
        const index = new PatternIndex<{ text: string; stays: boolean }>();
        const check = (present: readonly { text: string }[]) => {
          for (const channel of channels) {
            const found = index.meaning(channel);
            const meant = present.filter((one) => matches(one.text, channel));
            assert.equal(found.length, meant.length);
            assert.deepEqual(new Set(found), new Set(meant));
          }
        };
        for (const one of given) index.add(one);
        check(given);
        for (const one of given) if (!one.stays) index.delete(one);
        check(given.filter(({ stays }) => stays));
        for (const one of given) index.delete(one);
        check([]);
        for (const one of given) index.add(one);
        check(given);
      },
    ),
    { numRuns: 500 },
  );
});
