import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LoggedEvent } from '../../src/browser/page/events/csv.ts';
import type { ReadLog } from '../../src/browser/page/events/log.ts';
import { Older } from '../../src/browser/page/events/older.ts';

const { signal } = new AbortController();

describe('the log backwards', () => {
  test('comes whole and without doubles, newest pages first', async () => {
    const log = logOf(Array.from({ length: 4_000 }, (_, i) => i + 1));
    const older = new Older(log.read, ['*'], 'k3f9-3500');
    const pages = await all(older);
    assert.deepEqual(
      pages.flat().sort((one, other) => one - other),
      Array.from({ length: 3_499 }, (_, i) => i + 1),
    );
    for (const [i, page] of pages.entries()) {
      assert.deepEqual(
        page,
        [...page].sort((one, other) => one - other),
      );
      const before = pages[i - 1]?.[0];
      if (before !== undefined && page.length > 0) assert.ok((page.at(-1) as number) < before);
    }
  });

  test('reaches the few events of a quiet channel in a few questions, also over the leap of a restart', async () => {
    const log = logOf([3, 40, 1_000_041, 3_000_000]);
    const older = new Older(log.read, ['quiet'], 'k3f9-3000001');
    assert.deepEqual(
      (await all(older)).flat().sort((one, other) => one - other),
      [3, 40, 1_000_041, 3_000_000],
    );
    assert.ok(log.questions < 12, `${log.questions} questions`);
  });

  test('finds its way from an empty stretch into a crowded one', async () => {
    const crowd = Array.from({ length: 5_000 }, (_, i) => i + 1);
    const log = logOf(crowd);
    const older = new Older(log.read, ['*'], 'k3f9-200000');
    assert.deepEqual(
      (await all(older)).flat().sort((one, other) => one - other),
      crowd,
    );
    assert.ok(log.questions < 30, `${log.questions} questions`);
  });

  test('reads on when an answer holds less than was asked for', async () => {
    const crowd = Array.from({ length: 900 }, (_, i) => i + 1);
    const log = logOf(crowd, { most: 100 });
    const older = new Older(log.read, ['*'], 'k3f9-901');
    assert.deepEqual(
      (await all(older)).flat().sort((one, other) => one - other),
      crowd,
    );
  });

  test('ends when the store is a new one, and says where it is', async () => {
    const log = logOf([1, 2, 3], { epoch: 'new' });
    const older = new Older(log.read, ['*'], 'k3f9-900');
    assert.deepEqual(await older.next(signal), []);
    assert.equal(older.done, true);
    const first = new Older(logOf([]).read, ['*'], 'k3f9-1');
    assert.deepEqual([first.done, first.from], [true, 1]);
  });

  test('an answer that fails is asked for again, not skipped', async () => {
    const log = logOf(Array.from({ length: 100 }, (_, i) => i + 1));
    let failing = true;
    const read: ReadLog<string> = (...question) =>
      failing ? Promise.reject(new Error('away')) : log.read(...question);
    const older = new Older(read, ['*'], 'k3f9-101');
    await assert.rejects(older.next(signal), /away/);
    failing = false;
    assert.equal((await all(older)).flat().length, 100);
  });
});

async function all(older: Older): Promise<number[][]> {
  const pages: number[][] = [];
  while (!older.done) pages.push((await older.next(signal)).map(({ id }) => Number(id.split('-')[1])));
  return pages;
}

/** A log with events of these numbers, read backwards as `GET /events` does. */
function logOf(numbers: readonly number[], { epoch = 'k3f9', most = 1_000 } = {}) {
  const log = {
    questions: 0,
    read: (async (_channels, before) => {
      log.questions++;
      const [asked, number] = before.split('-');
      // Of another store there is nothing to go back from.
      if (asked !== epoch) return { cursor: `${epoch}-0`, events: [], gap: [{ reason: 'epoch' }] };
      const events = numbers
        .filter((n) => n < Number(number))
        .slice(-most)
        .map((n): LoggedEvent => ({ id: `${epoch}-${n}`, channel: 'a', event: 'b', data: '', at: 0 }));
      return { cursor: `${epoch}-${Number(number) - 1}`, events, gap: null };
    }) as ReadLog<string>,
  };
  return log;
}
