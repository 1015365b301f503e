import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RawQueue } from '../../src/bus/rawQueue.ts';

function texts(queue: RawQueue): string[] {
  return queue.unsent(100).map((item) => item.marker ?? `${item.channel} ${item.text}`);
}

describe('the queue of raw publishes', () => {
  test('keeps the order, and an adoption takes the oldest equal one out', () => {
    const queue = new RawQueue();
    for (const text of ['x', 'y', 'x']) queue.push('a', text);
    queue.push('b', 'x');
    queue.take('a', 'x');
    assert.deepEqual(texts(queue), ['a y', 'a x', 'b x']);
    queue.take('a', 'z');
    assert.deepEqual(texts(queue), ['a y', 'a x', 'b x']);
  });

  test('of an app that has just subscribed: an adoption of what it never heard takes nothing out', () => {
    const queue = new RawQueue();
    queue.unsettle('mine');
    queue.push('a', 'x'); // before the marker, and adopted before it comes back
    queue.pushMarker('mine');
    queue.push('a', 'x'); // after it
    assert.equal(queue.settled, false);
    queue.take('a', 'x'); // an earlier x, from before the subscription
    queue.take('a', 'x');
    queue.passed('mine');
    assert.equal(queue.settled, true);
    assert.deepEqual(texts(queue), ['a x']);
    queue.take('a', 'x');
    assert.deepEqual(texts(queue), []);
  });

  test("another app's marker only leaves", () => {
    const queue = new RawQueue();
    queue.push('a', 'x');
    queue.pushMarker('theirs');
    queue.push('a', 'y');
    queue.passed('theirs');
    assert.deepEqual(texts(queue), ['a x', 'a y']);
  });

  test('without a keeper: what was heard of adoptions counts after all', () => {
    const queue = new RawQueue();
    queue.unsettle('mine');
    queue.push('a', 'x');
    queue.push('a', 'y');
    queue.take('a', 'x');
    queue.settleAlone();
    assert.equal(queue.settled, true);
    assert.deepEqual(texts(queue), ['a y']);
  });

  test('what was sent is not sent again, unless it may have been lost', () => {
    const queue = new RawQueue();
    queue.push('a', 'x');
    for (const item of queue.unsent(1)) item.sent = true;
    queue.push('a', 'y');
    assert.deepEqual(texts(queue), ['a y']);
    queue.forgetSent();
    assert.deepEqual(texts(queue), ['a x', 'a y']);
  });
});
