import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dataProblem, isReservedName, nameProblem, nameShapeProblem } from '../../src/contract/event.ts';

const EMPTY = 'An event name cannot be empty: leave it out for "message".';
const CONTROL = 'An event name cannot contain control characters.';
const LONG = 'An event name has at most 200 bytes in UTF-8.';

test('a name of 1 to 200 bytes is an event name', () => {
  for (const name of [
    'message',
    'press',
    'double-click',
    'Open',
    'errors',
    ' a',
    'a: b',
    'Küche',
    'a\u2028b',
    '🔘'.repeat(50),
    'n'.repeat(200),
  ]) {
    assert.equal(nameProblem(name), undefined, JSON.stringify(name));
  }
});

test('what cannot be an event name is refused with its reason', () => {
  const refused: [name: string, sentence: string][] = [
    ['', EMPTY],
    ['a\nb', CONTROL],
    ['a\rb', CONTROL],
    ['a\r\nb', CONTROL],
    ['a\0', CONTROL],
    ['a\x85', CONTROL],
    ['n'.repeat(201), LONG],
    [`${'🔘'.repeat(50)}n`, LONG],
  ];
  assert.deepEqual(
    refused.map(([name]) => [name, nameProblem(name)]),
    refused,
  );
  assert.deepEqual(
    refused.map(([name]) => [name, nameShapeProblem(name)]),
    refused,
  );
});

test('names that streams use themselves are reserved', () => {
  const asked = ['pinstream', 'open', 'error', 'message', 'Error', 'pinstream '];
  assert.deepEqual(asked.map(isReservedName), [true, true, true, false, false, false]);
  assert.deepEqual(
    asked.slice(0, 3).map(nameProblem),
    ['pinstream', 'open', 'error'].map(
      (name) => `"${name}" is a name that streams use themselves: choose another.`,
    ),
  );
  assert.equal(nameShapeProblem('pinstream'), undefined);
});

test('data has at most 64 KiB, counted as UTF-8', () => {
  const tooLarge = 'The data of an event has at most 64 KiB in UTF-8: send a link to what is larger.';
  const cases: [data: string, problem: string | undefined][] = [
    ['', undefined],
    ['a\r\nb\0c', undefined],
    ['a'.repeat(65_536), undefined],
    ['a'.repeat(65_537), tooLarge],
    ['€'.repeat(21_845), undefined],
    [`${'€'.repeat(21_845)}a`, undefined],
    [`${'€'.repeat(21_845)}aa`, tooLarge],
    ['🔘'.repeat(16_384), undefined],
    [`${'🔘'.repeat(16_384)}a`, tooLarge],
    // Half of a pair is replaced on its way, and then takes three bytes.
    ['\ud83d'.repeat(21_846), tooLarge],
  ];
  assert.deepEqual(
    cases.map(([data]) => dataProblem(data)),
    cases.map(([, problem]) => problem),
  );
});
