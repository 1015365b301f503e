import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type Expected, Ledger } from '../support/ledger.ts';

const WELL = { lost: 0, doubled: 0, misordered: 0, wrong: 0 };
const THREE: Expected = [
  ['1', 'a'],
  ['2', 'b'],
  ['3', 'c'],
];

function heard(...entries: readonly (readonly [string, string])[]): Ledger {
  const ledger = new Ledger();
  for (const [key, text] of entries) ledger.add({ key, text, time: 0 });
  return ledger;
}

describe('how listeners are judged', () => {
  const [one, two, three] = THREE as [Expected[0], Expected[0], Expected[0]];

  test('all, once, in order, is well', () => {
    assert.deepEqual(heard(one, two, three).judge(THREE), WELL);
    assert.deepEqual(heard().judge([]), WELL);
  });

  test('one that is missing is lost', () => {
    assert.deepEqual(heard(one, three).judge(THREE), { ...WELL, lost: 1 });
    assert.deepEqual(heard(one, two).judge(THREE), { ...WELL, lost: 1 });
    assert.deepEqual(heard().judge(THREE), { ...WELL, lost: 3 });
  });

  test('one that comes twice is doubled, also when it was judged before', () => {
    const ledger = heard(one, two, two, three);
    assert.deepEqual(ledger.judge(THREE), { ...WELL, doubled: 1 });
    ledger.add({ key: '2', text: 'b', time: 0 });
    ledger.add({ key: '4', text: 'd', time: 0 });
    assert.deepEqual(ledger.judge([['4', 'd']]), { ...WELL, doubled: 1 });
  });

  test('one that comes after a later one is out of order', () => {
    assert.deepEqual(heard(two, one, three).judge(THREE), { ...WELL, misordered: 1 });
  });

  test('other words, and what was never kept, are wrong', () => {
    assert.deepEqual(heard(one, ['2', 'x'], three).judge(THREE), { ...WELL, wrong: 1 });
    assert.deepEqual(heard(one, two, ['9', 'z'], three).judge(THREE), { ...WELL, wrong: 1 });
  });

  test('what comes after the last one that counts is for the next time', () => {
    const ledger = heard(one, two, three, ['4', 'd']);
    assert.deepEqual(ledger.judge(THREE), WELL);
    assert.deepEqual(ledger.judge([['4', 'd']]), WELL);
  });
});
