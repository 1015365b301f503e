import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { matcher } from '../../src/browser/client/pattern.ts';
import { matches } from '../../src/contract/channel.ts';

test('a channel means itself, and `*` any text', () => {
  const meant = (pattern: string, ...channels: string[]) => channels.filter(matcher(pattern));
  const channels = ['', 'a', 'ab', 'a\nb', 'ba', 'a.b', 'axb', 'a*b'];
  assert.deepEqual(meant('a', ...channels), ['a']);
  assert.deepEqual(meant('*', ...channels), channels);
  assert.deepEqual(meant('a*', ...channels), ['a', 'ab', 'a\nb', 'a.b', 'axb', 'a*b']);
  assert.deepEqual(meant('a*b', ...channels), ['ab', 'a\nb', 'a.b', 'axb', 'a*b']);
  assert.deepEqual(meant('a.b*', ...channels), ['a.b']);
  for (const odd of ['(', '[a]', '^$', 'a|b', '\\', '{1}', '+', '?'])
    assert.deepEqual(meant(`${odd}*`, odd, `${odd}x`, `x${odd}`), [odd, `${odd}x`]);
});

test('as the server has it, for any pattern and channel', () => {
  const text = (letters: string) => fc.string({ unit: fc.constantFrom(...letters), maxLength: 8 });
  fc.assert(
    fc.property(text('ab.*'), text('ab.'), (pattern, channel) => {
      assert.equal(matcher(pattern)(channel), matches(pattern, channel));
    }),
  );
});
