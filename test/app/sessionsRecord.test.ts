import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { begunRecord, changedRecord, openedRecord } from '../../src/app/sse/sessionRecord.ts';
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
