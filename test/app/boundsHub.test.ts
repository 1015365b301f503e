import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { Hub } from '../../src/app/sse/hub.ts';
import { eventually } from '../support/ready.ts';

const MANY = 500;
/** So long that the rest after it is noticed. */
const FLUSH_MS = 40;

/** A hub with many streams, and what one of them gets. */
function crowded(): { hub: Hub; heard: string[]; say: (n: number) => void } {
  const hub = new Hub();
  hub.open({ epoch: 'k3f9x2', n: 0 });
  const heard: string[] = [];
  for (let i = 1; i < MANY; i++) hub.join({ deliver: () => undefined }, ['a'], 'sse');
  const slow = (text: string) => {
    heard.push(...[...text.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => data));
    for (const began = performance.now(); performance.now() - began < FLUSH_MS; );
  };
  hub.join({ deliver: ({ plain }) => slow(plain.toString()) }, ['a'], 'sse');
  const say = (n: number) => hub.event({ n, channel: 'a', name: 'message', data: `${n}`, at: 0 });
  return { hub, heard, say };
}

function hears(heard: string[], count: number): Promise<void> {
  return eventually(`${count} are heard`, async () => {
    await turn();
    return heard.length >= count;
  });
}

test('after a flush to many others have their turn, and what came meanwhile leaves as one', async () => {
  const { hub, heard, say } = crowded();
  hub.knock();
  say(1);
  await hears(heard, 1);
  say(2);
  say(3);
  await turn();
  assert.deepEqual(heard, ['1']);
  // Who joins now reads up to 1, and hears from 2 on.
  const late: string[] = [];
  const { position } = hub.join({ deliver: ({ plain }) => late.push(plain.toString()) }, ['a'], 'sse');
  assert.equal(position.n, 1);
  await hears(heard, 3);
  assert.deepEqual(heard, ['1', '2', '3']);
  assert.deepEqual(late, ['id: k3f9x2-2\ndata: 2\n\nid: k3f9x2-3\ndata: 3\n\n']);
  assert.equal(hub.position?.n, 3);
});

test('while nobody comes or reads what it missed, nothing waits', async () => {
  const { hub, heard, say } = crowded();
  hub.knock();
  say(1);
  await hears(heard, 1);
  say(2);
  await hears(heard, 2); // the rest is over, and nobody has knocked since
  say(3);
  await hears(heard, 3);
  say(4);
  await turn();
  assert.deepEqual(heard, ['1', '2', '3', '4']);
});

test('an advance, a gap and a new store come after what was held', async () => {
  for (const [follow, n] of [
    [(hub: Hub) => hub.advance(9), 9],
    [(hub: Hub) => hub.gap({ channel: 'a', until: 2, certain: true }), 2],
    [(hub: Hub) => hub.open({ epoch: 'n3w000', n: 4 }), 4],
  ] as const) {
    const { hub, heard, say } = crowded();
    hub.knock();
    say(1);
    await hears(heard, 1);
    say(2);
    follow(hub);
    await hears(heard, 2);
    assert.deepEqual(heard, ['1', '2']);
    assert.equal(hub.position?.n, n);
  }
});
