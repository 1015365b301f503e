import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Gap, Page } from '../../src/bus/bus.ts';
import { Doorbell, type MissedLog } from '../../src/bus/doorbell.ts';
import type { StoredEvent } from '../../src/contract/event.ts';
import { Heard } from '../support/heard.ts';

/** A log whose answers the test lets go one by one. */
class SlowLog implements MissedLog {
  epoch = 'aaaaaa';
  n = 0;
  away = false;
  reads = 0;
  lost = new Set<number>();
  limit = 100;
  gaps: Gap[] = [];
  gate: Promise<void> = Promise.resolve();

  async position() {
    await this.gate;
    if (this.away) throw new Error('away');
    return { epoch: this.epoch, n: this.n };
  }

  async since(after: number, upTo: number): Promise<Page> {
    this.reads++;
    const { epoch, n: top } = this;
    await this.gate;
    if (this.away) throw new Error('away');
    const events = [];
    for (let n = after + 1; n <= upTo && events.length < this.limit; n++)
      if (!this.lost.has(n)) events.push(event(n));
    const end = events.length === this.limit ? (events.at(-1)?.n ?? upTo) : upTo;
    return { epoch, top, end, events, gaps: this.gaps.filter(({ until }) => until > after) };
  }
}

function event(n: number): StoredEvent {
  return { n, channel: 'a', name: 'message', data: String(n), at: 0 };
}

async function opened(n = 0) {
  const log = new SlowLog();
  log.n = n;
  const heard = new Heard();
  const doorbell = new Doorbell(log, heard);
  await doorbell.recover();
  const ring = (number: number, epoch = log.epoch) => {
    log.n = Math.max(log.n, number);
    doorbell.hear(epoch, event(number));
  };
  return { log, heard, doorbell, ring, numbers: () => heard.events.map((one) => one.n) };
}

describe('the doorbell', () => {
  test('begins at the newest number: what was before is for those who ask', async () => {
    const { heard, ring, numbers } = await opened(41);
    assert.deepEqual(heard.opened, [{ epoch: 'aaaaaa', n: 41 }]);
    ring(42);
    assert.deepEqual(numbers(), [42]);
  });

  test('hands on at once what follows, without reading', async () => {
    const { log, ring, numbers } = await opened();
    const before = log.reads;
    for (const n of [1, 2, 3]) ring(n);
    assert.deepEqual(numbers(), [1, 2, 3]);
    assert.equal(log.reads, before);
  });

  test('reads what is missing when a number is skipped, and keeps the order', async () => {
    const { doorbell, ring, numbers } = await opened();
    ring(1);
    ring(4);
    ring(5);
    assert.deepEqual(numbers(), [1]);
    await doorbell.reached(5);
    assert.deepEqual(numbers(), [1, 2, 3, 4, 5]);
  });

  test('goes on with what came during the reading, without a double', async () => {
    const { log, doorbell, ring, numbers } = await opened();
    let open = () => {};
    log.gate = new Promise((done) => {
      open = done;
    });
    ring(3);
    ring(4);
    ring(5);
    open();
    ring(6);
    await doorbell.reached(6);
    ring(7);
    await doorbell.reached(7);
    assert.deepEqual(numbers(), [1, 2, 3, 4, 5, 6, 7]);
  });

  test('passes over numbers that no log holds: a leap', async () => {
    const { log, heard, doorbell, ring, numbers } = await opened(3);
    for (let n = 4; n <= 10; n++) log.lost.add(n);
    ring(11);
    await doorbell.reached(11);
    assert.deepEqual(numbers(), [11]);
    ring(12);
    await doorbell.reached(12);
    assert.deepEqual(numbers(), [11, 12]);
    assert.equal(heard.n, 12);
  });

  test('reads page after page', async () => {
    const { log, doorbell, numbers } = await opened();
    log.limit = 7;
    log.n = 50;
    await doorbell.recover();
    assert.deepEqual(
      numbers(),
      Array.from({ length: 50 }, (_, i) => i + 1),
    );
  });

  test('ignores what it has heard already', async () => {
    const { doorbell, ring, numbers } = await opened();
    ring(1);
    ring(1);
    ring(2);
    ring(1);
    await doorbell.recover();
    assert.deepEqual(numbers(), [1, 2]);
  });

  test('waits for the store when it is away, and goes on where it was', async () => {
    const { log, doorbell, ring, numbers } = await opened();
    ring(1);
    log.away = true;
    ring(5);
    await doorbell.recover();
    assert.deepEqual(numbers(), [1]);
    log.away = false;
    await doorbell.recover();
    assert.deepEqual(numbers(), [1, 2, 3, 4, 5]);
  });

  test('opens anew at 0 when the store is another one, and hears all of it', async () => {
    const { log, heard, doorbell, ring, numbers } = await opened(7);
    log.epoch = 'bbbbbb';
    log.n = 2;
    ring(3);
    await doorbell.recover();
    assert.deepEqual(heard.opened, [
      { epoch: 'aaaaaa', n: 7 },
      { epoch: 'bbbbbb', n: 0 },
    ]);
    assert.deepEqual(numbers(), [1, 2, 3]);
  });

  test('reads no further than what it holds: what has rung is not lost, though the log has dropped it', async () => {
    const { log, heard, doorbell, ring, numbers } = await opened();
    ring(1);
    log.lost = new Set([3, 4]);
    ring(3);
    ring(4);
    await doorbell.reached(4);
    assert.deepEqual(numbers(), [1, 2, 3, 4]);
    assert.deepEqual(heard.gaps, []);
  });

  test('tells a gap once, however many pages are read', async () => {
    const { log, heard, doorbell } = await opened();
    log.limit = 3;
    log.gaps = [{ channel: 'a', until: 8, certain: true }];
    log.n = 10;
    await doorbell.recover();
    assert.deepEqual(heard.gaps, log.gaps);
  });

  test('reads beyond a gap only as far as it is told that all has been heard', async () => {
    const { log, heard, doorbell, ring, numbers } = await opened(0);
    log.lost = new Set([1, 2, 3]);
    // The log has turned over up to 3 while 1 was looked for, and is at 9 by now; what came with 6 and later is not heard yet.
    log.gaps = [{ channel: 'a', until: 3, certain: true }];
    let looks = 0;
    log.position = async () => ({ epoch: log.epoch, n: ++looks === 1 ? 1 : 5 });
    log.n = 9;
    ring(2);
    await doorbell.recover();
    assert.deepEqual(numbers(), [4, 5]);
    assert.deepEqual(heard.gaps, log.gaps);
  });

  test('drops what rang and is not in the store: a lost tail, or a prank', async () => {
    const { log, doorbell, ring, numbers } = await opened();
    doorbell.hear(log.epoch, event(1_000_000));
    await doorbell.recover();
    ring(1);
    assert.deepEqual(numbers(), [1]);
    assert.ok(log.reads < 5);
  });

  test('does what is to be done between two events just there, also while it reads', async () => {
    const { log, doorbell, ring, heard } = await opened();
    const seen: number[] = [];
    const note = () => seen.push(heard.n);
    doorbell.inTurn(0, note);
    let open = () => {};
    log.gate = new Promise((done) => {
      open = done;
    });
    ring(2);
    doorbell.inTurn(2, note);
    ring(3);
    open();
    await doorbell.reached(3);
    assert.deepEqual(seen, [0, 2]);
  });

  test('reads first what came before it and did not ring', async () => {
    const { log, doorbell, heard } = await opened();
    log.n = 2;
    const at = await new Promise((done) => doorbell.inTurn(2, () => done(heard.n)));
    assert.equal(at, 2);
  });

  test('a look that fails does not let what is to be done overtake the events before it', async () => {
    const { log, doorbell, heard } = await opened();
    log.n = 3;
    log.away = true;
    const seen: number[] = [];
    const looking = doorbell.recover();
    doorbell.inTurn(3, () => seen.push(heard.n));
    await looking;
    assert.deepEqual(seen, []);
    log.away = false;
    await doorbell.recover();
    assert.deepEqual(seen, [3]);
  });

  test('does not leave those waiting for whom the store is another one', async () => {
    const { log, doorbell } = await opened(5);
    const waiting = doorbell.reached(10);
    log.epoch = 'bbbbbb';
    log.n = 0;
    await doorbell.recover();
    await waiting;
  });

  test('does not leave those waiting who wait for what the store has lost with its tail', async () => {
    const { log, doorbell } = await opened(5);
    const waiting = doorbell.reached(10);
    log.n = 7;
    await doorbell.recover();
    await waiting;
  });

  test('knows whether all has arrived', async () => {
    const { doorbell, ring } = await opened(5);
    assert.equal(doorbell.isAt({ epoch: 'aaaaaa', n: 5 }), true);
    assert.equal(doorbell.isAt({ epoch: 'aaaaaa', n: 6 }), false);
    assert.equal(doorbell.isAt({ epoch: 'bbbbbb', n: 5 }), false);
    ring(6);
    assert.equal(doorbell.isAt({ epoch: 'aaaaaa', n: 6 }), true);
  });
});
