import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { LoggedEvent } from '../../src/browser/page/events/csv.ts';
import type { ReadLog } from '../../src/browser/page/events/log.ts';
import { Older } from '../../src/browser/page/events/older.ts';

const { signal } = new AbortController();

describe('the log backwards', () => {
  test('comes whole and without doubles, newest windows first', async () => {
    const log = logOf(Array.from({ length: 4_000 }, (_, i) => i + 1));
    const older = new Older(log.read, ['*'], 'k3f9-3500');
    const windows = await all(older);
    assert.deepEqual(
      windows.flat().sort((one, other) => one - other),
      Array.from({ length: 3_499 }, (_, i) => i + 1),
    );
    for (const [i, window] of windows.entries()) {
      assert.deepEqual(
        window,
        [...window].sort((one, other) => one - other),
      );
      const before = windows[i - 1]?.[0];
      if (before !== undefined && window.length > 0) assert.ok((window.at(-1) as number) < before);
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
    const read: ReadLog = (...question) =>
      failing ? Promise.reject(new Error('away')) : log.read(...question);
    const older = new Older(read, ['*'], 'k3f9-101');
    await assert.rejects(older.next(signal), /away/);
    failing = false;
    assert.equal((await all(older)).flat().length, 100);
  });
});

async function all(older: Older): Promise<number[][]> {
  const windows: number[][] = [];
  while (!older.done) windows.push((await older.next(signal)).map(({ id }) => Number(id.split('-')[1])));
  return windows;
}

/** A log with events of these numbers, read as `GET /events` does. */
function logOf(numbers: readonly number[], { epoch = 'k3f9', most = 1_000 } = {}) {
  const log = {
    questions: 0,
    read: (async (_channels, since = '') => {
      log.questions++;
      const after = Number(since.split('-')[1]);
      const found = numbers.filter((n) => n > after);
      const events = found
        .slice(0, most)
        .map((n): LoggedEvent => ({ id: `${epoch}-${n}`, channel: 'a', event: 'b', data: '', at: 0 }));
      // A page that was not cut short is complete up to the newest number there is.
      const end = found.length > most ? found[most - 1] : Math.max(after, 5_000_000);
      return { cursor: `${epoch}-${end}`, events, gap: null };
    }) as ReadLog,
  };
  return log;
}
