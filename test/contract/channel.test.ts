import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  byteLength,
  channelProblem,
  isPattern,
  matches,
  patternProblem,
} from '../../src/contract/channel.ts';

const EMPTY = 'A channel needs a name of 1 to 200 bytes.';
const LONG = 'A channel has at most 200 bytes in UTF-8.';
const CONTROL = 'A channel cannot contain control characters.';
const UNICODE = 'A channel must be valid Unicode.';
const OURS = 'Channels that begin with "pinstream:" are for Pinstream itself.';
const REDIS = 'Channels that begin with "__" are for Redis itself.';
const STAR = 'A channel cannot contain "*": that is for patterns, which only listen.';

test('a name of 1 to 200 bytes is a channel', () => {
  for (const name of [
    'a',
    'base',
    'room/7 kitchen',
    'pinstream',
    'PINSTREAM:a',
    'a:pinstream:',
    '_a',
    ' ',
    '[a]?{b}\\',
    'Küche',
    '按钮',
    '🔘',
    'a\u2028b',
    'a'.repeat(200),
    'é'.repeat(100),
    '🔘'.repeat(50),
  ]) {
    assert.equal(channelProblem(name), undefined, JSON.stringify(name));
  }
});

test('what cannot be a channel is refused with its reason', () => {
  const refused: [name: string, sentence: string][] = [
    ['', EMPTY],
    ['a'.repeat(201), LONG],
    [`${'é'.repeat(100)}a`, LONG],
    [`${'🔘'.repeat(50)}a`, LONG],
    ['a\nb', CONTROL],
    ['a\r', CONTROL],
    ['\0', CONTROL],
    ['a\tb', CONTROL],
    ['\x1f', CONTROL],
    ['\x7f', CONTROL],
    ['a\x80', CONTROL],
    ['a\x9f', CONTROL],
    ['a\ud83d', UNICODE],
    ['\udd18a', UNICODE],
    ['pinstream:', OURS],
    ['pinstream:doorbell', OURS],
    ['__', REDIS],
    ['__keyspace@0__:a', REDIS],
    ['*', STAR],
    ['room-*', STAR],
  ];
  assert.deepEqual(
    refused.map(([name]) => [name, channelProblem(name)]),
    refused,
  );
});

test('a pattern is a channel that may contain stars', () => {
  for (const name of ['*', '**', 'room-*', '*-door', 'a*b*c', 'base', '*a*b*c*']) {
    assert.equal(patternProblem(name), undefined, name);
  }
  const refused: [name: string, sentence: string][] = [
    ['', EMPTY],
    ['*'.repeat(201), LONG],
    ['*a*b*c*d*', 'A pattern has at most 4 "*".'],
    ['a\n*', CONTROL],
    ['*\ud83d', UNICODE],
    ['pinstream:*', OURS],
    ['__*', REDIS],
  ];
  assert.deepEqual(
    refused.map(([name]) => [name, patternProblem(name)]),
    refused,
  );
  assert.deepEqual(['room-*', '*', 'room', 'ro?m'].map(isPattern), [true, true, false, false]);
});

test('bytes are counted as UTF-8', () => {
  assert.deepEqual(['', 'a', 'é', '€', '🔘', '\0'].map(byteLength), [0, 1, 2, 3, 4, 1]);
});

test('a star stands for any text, all else for itself', () => {
  const yes = [
    ['*', ''],
    ['*', 'a'],
    ['**', 'a'],
    ['room-*', 'room-'],
    ['room-*', 'room-7'],
    ['*-door', 'front-door'],
    ['a*c', 'ac'],
    ['a*c', 'abcbc'],
    ['a*b*c', 'abc'],
    ['*a*', 'bab'],
    ['*ab*ab*', 'abab'],
    ['a.c', 'a.c'],
    ['[ab]*', '[ab]c'],
    ['a?*', 'a?'],
    ['a\\*', 'a\\b'],
    ['*🔘', 'a🔘'],
  ];
  const no = [
    ['a', 'b'],
    ['a', 'aa'],
    ['', 'a'],
    ['room-*', 'Room-7'],
    ['room-*', 'a room-7'],
    ['*-door', 'front-door-2'],
    ['ab*ba', 'aba'],
    ['a*a', 'a'],
    ['*aa*aa*', 'aaa'],
    ['a*b*c', 'acb'],
    ['a.c', 'abc'],
    ['[ab]*', 'a'],
    ['a?*', 'ab'],
  ];
  const all = (pairs: string[][]) => pairs.filter(([pattern = '', name = '']) => matches(pattern, name));
  assert.deepEqual(all([...yes, ...no]), yes);
});

test('a pattern means what the same regular expression would', () => {
  const word = (letters: string[], maxLength: number) =>
    fc.string({ unit: fc.constantFrom(...letters), maxLength });
  fc.assert(
    fc.property(word(['a', 'b', '*', '🔘', '.'], 8), word(['a', 'b', '🔘', '.'], 12), (pattern, name) => {
      const literal = pattern.split('*').map((part) => part.replaceAll('.', '\\.'));
      assert.equal(matches(pattern, name), new RegExp(`^${literal.join('.*')}$`, 's').test(name));
    }),
    { numRuns: 5_000 },
  );
});

test('no pattern takes long, however many stars it has', () => {
  const begin = performance.now();
  for (const pattern of [`${'*a'.repeat(99)}*b`, `${'*aa'.repeat(66)}b`, `a${'*'.repeat(198)}b`]) {
    assert.equal(matches(pattern, 'a'.repeat(200)), false);
    assert.equal(matches(pattern, `${'a'.repeat(199)}b`), true);
  }
  // A regular expression would need years for the first one.
  assert.ok(performance.now() - begin < 1_000);
});
