import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatCursor, newEpoch, parseCursor } from '../../src/contract/cursor.ts';

test('a cursor is worded as epoch and number', () => {
  assert.equal(formatCursor('k3f9x2', 42), 'k3f9x2-42');
  assert.equal(formatCursor('k3f9x2', 0), 'k3f9x2-0');
  assert.equal(formatCursor('k3f9x2', Number.MAX_SAFE_INTEGER), 'k3f9x2-9007199254740991');
});

test('a cursor is read as it was worded', () => {
  assert.deepEqual(parseCursor('k3f9x2-42'), { epoch: 'k3f9x2', n: 42 });
  assert.deepEqual(parseCursor('0-0'), { epoch: '0', n: 0 });
  assert.deepEqual(parseCursor('a-9007199254740991'), { epoch: 'a', n: Number.MAX_SAFE_INTEGER });
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9a-z]{1,16}$/), fc.maxSafeNat(), (epoch, n) => {
      assert.deepEqual(parseCursor(formatCursor(epoch, n)), { epoch, n });
    }),
  );
});

test('a cursor may say how many changes of its session its reader has heard of', () => {
  assert.equal(formatCursor('k3f9x2', 42, 3), 'k3f9x2-42.3');
  assert.equal(formatCursor('k3f9x2', 42, 0), 'k3f9x2-42');
  assert.deepEqual(parseCursor('k3f9x2-42.3'), { epoch: 'k3f9x2', n: 42, rev: 3 });
  assert.deepEqual(parseCursor('k3f9x2-42.999999999999999'), {
    epoch: 'k3f9x2',
    n: 42,
    rev: 999_999_999_999_999,
  });
});

test('any other text is no cursor of ours', () => {
  const others = [
    '',
    '-',
    'k3f9x2',
    'k3f9x2-',
    '-42',
    'k3f9x2-042',
    'k3f9x2--1',
    'k3f9x2-1.',
    'k3f9x2-1.0',
    'k3f9x2-1.05',
    'k3f9x2-1.-5',
    'k3f9x2-1.5.6',
    'k3f9x2-1.1000000000000000',
    'k3f9x2-.5',
    'k3f9x2-1e3',
    'k3f9x2-9007199254740992',
    'k3f9x2-99999999999999999999',
    'K3F9X2-42',
    'k3f-9x2-42',
    ' k3f9x2-42',
    'k3f9x2-42\n',
    'k3f9x2-٤٢',
    'abcdefghijklmnopq-1',
    '1763668800000-0 ',
    '7b1c1f6e-8b0e-4c57-9a55-0d5f1f0c2f7e',
  ];
  assert.deepEqual(
    others.filter((text) => parseCursor(text) !== undefined),
    [],
  );
});

test('an epoch is six letters or digits, and every one of them can come', () => {
  let next = 0;
  const asked: number[] = [];
  const epochs = Array.from({ length: 6 }, () =>
    newEpoch((below) => {
      asked.push(below);
      return next++ % below;
    }),
  );
  assert.deepEqual(epochs, ['012345', '6789ab', 'cdefgh', 'ijklmn', 'opqrst', 'uvwxyz']);
  assert.deepEqual(new Set(asked), new Set([36]));
});
