import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isAfter, isSameStore, plain } from '../../src/browser/client/cursor.ts';

test('numbers of one store are compared as numbers, not as text', () => {
  assert.equal(isAfter('e-10', 'e-9'), true);
  assert.equal(isAfter('e-9', 'e-10'), false);
  assert.equal(isAfter('e-9', 'e-9'), false);
  assert.equal(isAfter('e-9007199254740991', 'e-9007199254740990'), true);
});

test('what another store has comes after, whatever its number', () => {
  assert.equal(isAfter('f-1', 'e-9'), true);
  assert.equal(isSameStore('f-1', 'e-1'), false);
  assert.equal(isSameStore('e-1', 'e-9'), true);
  // Not by its beginning.
  assert.equal(isSameStore('e1-1', 'e-1'), false);
});

test('the number of a change is left out', () => {
  assert.equal(plain('k3f9x2-42.3'), 'k3f9x2-42');
  assert.equal(plain('k3f9x2-42'), 'k3f9x2-42');
});
