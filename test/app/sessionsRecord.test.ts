import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  begunRecord,
  changedRecord,
  followingRecord,
  openedRecord,
  owedNames,
  settledRecord,
} from '../../src/app/sse/sessionRecord.ts';
import type { Owed, SessionRecord } from '../../src/bus/sessions.ts';

const owed = (channel: string, rev: number, more: Partial<Owed> = {}): Owed => ({
  channel,
  since: 'e-1',
  rev,
  except: [],
  ...more,
});

function record(channels: string[], ...owes: Owed[]): SessionRecord {
  return { rev: 5, channels, owed: owes, stream: 's' };
}

describe('when a stream is opened', () => {
  const open = (was: SessionRecord | undefined, cursor: Parameters<typeof openedRecord>[1]['cursor']) =>
    openedRecord(was, { channels: ['b', 'a', 'b'], stream: 'new', cursor, epoch: 'e' });

  test('a session that is new has the channels of the address', () => {
    assert.deepEqual(open(undefined, undefined), { rev: 0, channels: ['a', 'b'], owed: [], stream: 'new' });
  });

  test('a session that ran out does not count again what its reader has heard of', () => {
    assert.equal(open(undefined, { epoch: 'e', n: 9, rev: 3 }).rev, 3);
    assert.equal(open(record(['x']), { epoch: 'e', n: 9, rev: 3 }).rev, 5);
    assert.equal(open(undefined, { epoch: 'old', n: 9, rev: 3 }).rev, 0);
  });

  test('what the reader may not have had stays owed, before its cursor; what it has had does not', () => {
    const was = record(
      ['x', 'y', 'z'],
      owed('never begun', 4),
      owed('begun before', 4, { at: 'e-8' }),
      owed('begun here', 4, { at: 'e-9' }),
      owed('begun in a store before', 4, { at: 'old-50' }),
      owed('heard of', 3),
    );
    assert.deepEqual(
      open(was, { epoch: 'e', n: 9, rev: 3 }).owed.map(({ channel, at }) => [channel, at]),
      [
        ['never begun', 'e-9'],
        ['begun here', 'e-9'],
      ],
    );
  });

  test('nothing is owed to a new reader, nor to one who gets all of this store', () => {
    const was = record(['x'], owed('x', 5));
    for (const cursor of [undefined, 'unknown', { epoch: 'other', n: 3 }] as const) {
      assert.deepEqual(open(was, cursor).owed, []);
    }
  });
});

describe('when the channels are changed', () => {
  const change = (was: SessionRecord, channels: string[], since?: number) =>
    changedRecord(was, channels, since === undefined ? undefined : { epoch: 'e', n: since });

  test('what was missed is owed on those that are added, and no longer on those that are left', () => {
    const was = record(['a', 'b', 'c'], owed('b', 5), owed('c', 5));
    assert.deepEqual(change(was, ['c', 'd', 'a'], 7), {
      rev: 6,
      channels: ['a', 'c', 'd'],
      owed: [owed('c', 5), owed('d', 6, { since: 'e-7' })],
      stream: 's',
    });
    assert.deepEqual(change(was, ['c', 'd', 'a'])?.owed, [owed('c', 5)]);
  });

  test('the same set is no change', () => {
    assert.equal(change(record(['a', 'b']), ['b', 'a', 'b'], 7), undefined);
  });

  test('a pattern owes what was not heard through a channel before; a channel that a pattern meant owes nothing', () => {
    assert.deepEqual(change(record(['room-1', 'hall', 'room-2*']), ['room-*'], 7)?.owed, [
      owed('room-*', 6, { since: 'e-7', except: ['room-1', 'room-2*'] }),
    ]);
    assert.deepEqual(change(record(['room-*']), ['room-1', 'room-2*'], 7)?.owed, []);
  });

  test('what a pattern owes is owed on the channels to which it gives way, and the other way round', () => {
    const was = record(['room-*'], owed('room-*', 5, { except: ['room-9'] }));
    assert.deepEqual(change(was, ['hall', 'room-1', 'room-9'])?.owed, [
      owed('room-1', 5, { except: ['room-9'] }),
    ]);
    const channels = record(['room-1', 'hall'], owed('room-1', 5), owed('hall', 5));
    assert.deepEqual(change(channels, ['room-*'], 7)?.owed, [
      owed('room-1', 5),
      owed('room-*', 6, { since: 'e-7', except: ['room-1'] }),
    ]);
  });
});

describe('when patterns overlap', () => {
  test('what two patterns owe on the same channel is owed once; what is still meant in part is owed as it was', () => {
    const was = record(['c*', '*d'], owed('c*', 4), owed('*d', 4), owed('c*', 5));
    assert.deepEqual(changedRecord(was, ['cd'], undefined)?.owed, [owed('cd', 4), owed('cd', 5)]);
    assert.deepEqual(changedRecord(record(['c*'], owed('c*', 4)), ['*d', 'c1'], undefined)?.owed, [
      owed('c*', 4),
    ]);
  });

  test('change after change makes it no more than there are changes and patterns', () => {
    let was = record(['z']);
    for (let i = 1; i <= 8; i++) {
      const names = Array.from({ length: 10 }, (_, k) => `${'c'.repeat(i)}*${'d'.repeat(k)}*`);
      was = changedRecord(was, names, { epoch: 'e', n: 1 }) as SessionRecord;
    }
    assert.ok(was.owed.length <= 80 * 8, String(was.owed.length));
  });
});

describe('when a stream has written what was owed', () => {
  const many = (rev: number, count: number) =>
    Array.from({ length: count }, (_, i) => owed(`${rev}-${i}`, rev));

  test('the oldest of much goes, and what the reader may not have taken yet stays', () => {
    const was = record(['a'], ...many(3, 100), ...many(4, 100), ...many(5, 150), ...many(6, 10));
    const settled = settledRecord(was, { stream: 's', upTo: 5 }) as SessionRecord;
    assert.equal(owedNames(settled), 200);
    assert.deepEqual(settled.owed.slice(-160), was.owed.slice(-160));
    const large = record(['a'], ...many(4, 1), ...many(5, 300));
    assert.deepEqual(settledRecord(large, { stream: 's', upTo: 5 })?.owed, many(5, 300));
  });

  test('little stays as it is, and so does what another stream has written', () => {
    assert.equal(settledRecord(record(['a'], ...many(4, 200)), { stream: 's', upTo: 5 }), undefined);
    assert.equal(settledRecord(record(['a'], ...many(4, 300)), { stream: 't', upTo: 5 }), undefined);
  });
});

test('of two changes under one number both are owed, and the one that is kept holds', () => {
  const lost = { ...record(['a', 'b', 'd'], owed('b', 4, { at: 'e-7' }), owed('d', 5)), rev: 5 };
  const kept = { ...record(['b', 'c'], owed('b', 4), owed('c', 5)), rev: 5 };
  assert.deepEqual(followingRecord(lost, kept), {
    rev: 6,
    channels: ['b', 'c'],
    owed: [owed('b', 4, { at: 'e-7' }), owed('c', 6)],
    stream: 's',
  });
});

describe('when a stream has begun to write what is owed', () => {
  const was = record(['a'], owed('a', 3, { at: 'e-1' }), owed('b', 4), owed('c', 5), owed('d', 6));

  test('that is kept for the changes that it has come to', () => {
    const begun = begunRecord(was, { stream: 's', after: 3, upTo: 5, at: 'e-9' });
    assert.deepEqual(
      begun?.owed.map(({ at }) => at),
      ['e-1', 'e-9', 'e-9', undefined],
    );
  });

  test('one whose reader has come back elsewhere says nothing', () => {
    assert.equal(begunRecord(was, { stream: 'older', after: 3, upTo: 5, at: 'e-9' }), undefined);
    assert.equal(begunRecord(undefined, { stream: 's', after: 3, upTo: 5, at: 'e-9' }), undefined);
  });
});
