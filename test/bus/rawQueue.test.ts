import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { RawQueue } from '../../src/bus/rawQueue.ts';

/** All that waits, as if it were sent anew. */
function texts(queue: RawQueue): string[] {
  queue.forgetSent();
  const all: string[] = [];
  for (let some = sent(queue); some.length > 0; some = sent(queue)) all.push(...some);
  return all;
}

function sent(queue: RawQueue, most = 100): string[] {
  return queue.send(most).map((item) => ('marker' in item ? item.marker : `${item.channel} ${item.text}`));
}

describe('the queue of raw publishes', () => {
  test('keeps the order, and an adoption takes the oldest equal one out', () => {
    const queue = new RawQueue();
    for (const text of ['x', 'y', 'x']) queue.push('a', text, 0);
    queue.push('b', 'x', 0);
    queue.take(1, 'a', 'x');
    assert.deepEqual(texts(queue), ['a y', 'a x', 'b x']);
    queue.take(1, 'a', 'z');
    assert.deepEqual(texts(queue), ['a y', 'a x', 'b x']);
  });

  test('of an app that has just subscribed: an adoption of what it never heard takes nothing out', () => {
    const queue = new RawQueue();
    queue.unsettle('mine');
    queue.push('a', 'x', 0); // before the marker, and adopted before it comes back
    queue.pushMarker('mine');
    queue.push('a', 'x', 0); // after it
    assert.equal(queue.settled, false);
    queue.take(1, 'a', 'x'); // an earlier x, from before the subscription
    queue.take(1, 'a', 'x');
    queue.passed(1, 'mine');
    assert.equal(queue.settled, true);
    assert.deepEqual(texts(queue), ['a x']);
    queue.take(1, 'a', 'x');
    assert.deepEqual(texts(queue), []);
  });

  test('a marker of its own that it has not heard settles nothing', () => {
    const queue = new RawQueue();
    queue.unsettle('mine');
    queue.push('a', 'x', 0);
    queue.passed(1, 'mine');
    assert.equal(queue.settled, false);
  });

  test('an adoption that was handed on before the marker and is newer than it counts', () => {
    const queue = new RawQueue();
    queue.unsettle('mine');
    queue.push('a', 'x', 0);
    queue.pushMarker('mine');
    queue.push('a', 'y', 0);
    queue.push('a', 'x', 0);
    queue.take(5, 'a', 'x');
    queue.take(7, 'a', 'y');
    queue.passed(5, 'mine');
    assert.deepEqual(texts(queue), ['a x']);
  });

  test("another app's marker only leaves", () => {
    const queue = new RawQueue();
    queue.push('a', 'x', 0);
    queue.pushMarker('theirs');
    queue.push('a', 'y', 0);
    queue.passed(1, 'theirs');
    assert.deepEqual(texts(queue), ['a x', 'a y']);
  });

  test('without a keeper: what was heard of adoptions counts after all', () => {
    const queue = new RawQueue();
    queue.unsettle('mine');
    queue.push('a', 'x', 0);
    queue.push('a', 'y', 0);
    queue.take(1, 'a', 'x');
    queue.settleAlone();
    assert.equal(queue.settled, true);
    assert.deepEqual(texts(queue), ['a y']);
  });

  test('what was sent is not sent again, unless it may have been lost', () => {
    const queue = new RawQueue();
    queue.push('a', 'x', 0);
    assert.deepEqual(sent(queue, 1), ['a x']);
    queue.push('a', 'y', 0);
    assert.deepEqual(sent(queue), ['a y']);
    queue.forgetSent();
    assert.deepEqual(sent(queue), ['a x', 'a y']);
  });

  test('a marker is sent only when all before it was answered', () => {
    const queue = new RawQueue();
    queue.push('a', 'x', 0);
    queue.push('a', 'y', 0);
    queue.pushMarker('one');
    queue.pushMarker('two');
    queue.push('a', 'z', 0);
    const batches = [sent(queue), sent(queue), sent(queue), sent(queue)];
    assert.deepEqual(batches, [['a x', 'a y'], ['one'], ['two', 'a z'], []]);
  });

  test('what nobody is going to adopt leaves; markers and the rest stay in their order', () => {
    const queue = new RawQueue();
    for (const channel of ['a', 'b', 'a']) queue.push(channel, 'x', 0);
    queue.pushMarker('theirs');
    queue.push('b', 'y', 0);
    queue.keepOnly((channel) => channel === 'b');
    assert.deepEqual(texts(queue), ['b x', 'theirs', 'b y']);
    queue.take(1, 'a', 'x');
    queue.take(1, 'b', 'x');
    assert.deepEqual(texts(queue), ['theirs', 'b y']);
  });

  test('is full at 100,000 publishes, and at 64 MiB; what leaves makes room', () => {
    const many = new RawQueue();
    for (let i = 0; i < 100_000; i++) many.push('a', '', 0);
    assert.equal(many.full, true);
    many.take(1, 'a', '');
    assert.equal(many.full, false);
    const large = new RawQueue();
    const text = 'x'.repeat(65_536);
    while (!large.full) large.push('a', text, 0);
    assert.equal(large.length, 512);
    large.take(1, 'a', text);
    assert.equal(large.full, false);
  });

  test('gives and takes in any order, as a plain list would', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.nat(4)), { maxLength: 200 }),
        (steps) => {
          const queue = new RawQueue();
          let list: string[] = [];
          for (const [what, which] of steps) {
            const text = `t${which}`;
            if (what < 2) {
              queue.push('a', text, 0);
              list.push(`a ${text}`);
            } else if (what === 2) {
              queue.take(1, 'a', text);
              const found = list.indexOf(`a ${text}`);
              list = list.filter((_, i) => i !== found);
            } else {
              assert.deepEqual(texts(queue), list);
            }
          }
          assert.equal(queue.length, list.length);
        },
      ),
    );
  });
});
