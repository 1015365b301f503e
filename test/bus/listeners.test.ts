import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listenersOf, reaching, reachingAny } from '../../src/bus/listeners.ts';

test('a stream is counted once for a channel, whether one is asked for or all', () => {
  const listeners = listenersOf([
    { channels: ['a', 'b'], streams: 1 },
    { channels: ['*'], streams: 10 },
    { channels: ['a', 'a*', '*'], streams: 100 },
    { channels: ['room-*', 'room-1', 'b'], streams: 1_000 },
  ]);
  const reached = reachingAny(listeners);
  for (const [channel, streams] of [
    ['a', 111],
    ['ab', 110],
    ['b', 1_111],
    ['room-1', 1_110],
    ['room-2', 1_110],
    ['c', 110],
  ] as const) {
    assert.equal(reaching(listeners, channel), streams, channel);
    assert.equal(reached(channel), streams, channel);
  }
});
