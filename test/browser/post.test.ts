import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Key } from '../../src/browser/page/key.ts';
import { Post } from '../../src/browser/page/post.ts';

test('an answer that stalls in its midst is given up like one that never begins', async (t) => {
  const patience = new AbortController();
  t.mock.method(AbortSignal, 'timeout', () => patience.signal);
  t.mock.method(globalThis, 'fetch', async (_path: string, { signal }: RequestInit) => {
    const body = new ReadableStream({
      start(stream) {
        stream.enqueue(new TextEncoder().encode('{"id":'));
        signal?.addEventListener('abort', () => stream.error(signal.reason));
      },
    });
    return new Response(body, { status: 201 });
  });
  const post = new Post({ value: '' } as Key);
  post.watch(() => assert.fail('it was not answered'));
  const sent = post.send('/events', { channel: 'base' });
  setImmediate(() => patience.abort());
  await assert.rejects(sent, {
    name: 'Refusal',
    message: 'The server has not answered in 15 s: nobody knows whether it was done.',
  });
});
