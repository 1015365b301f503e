import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Replay } from '../../src/app/sse/replay.ts';
import { pageFrames } from '../../src/app/sse/slices.ts';
import type { Page, SinceQuery } from '../../src/bus/bus.ts';
import { HeldBus } from '../support/heldBus.ts';

/** A store that shows how it was asked. */
class AskedBus extends HeldBus {
  reads = 0;
  atOnce = 0;
  most = 0;
  fails = false;

  override async since(query: SinceQuery): Promise<Page> {
    this.reads++;
    this.most = Math.max(this.most, ++this.atOnce);
    await sleep(1);
    this.atOnce--;
    if (this.fails) throw new Error('away');
    return super.since(query);
  }
}

async function filled(): Promise<{ bus: AskedBus; replay: Replay }> {
  const bus = new AskedBus();
  for (let i = 0; i < 100; i++) await bus.append({ channel: 'a', name: 'message', data: `${i}`, at: 0 });
  return { bus, replay: new Replay(bus) };
}

test('thousands who come back from the same place share one read and its frames', async () => {
  const { bus, replay } = await filled();
  const ask = { channels: ['a'], after: 10, upTo: 100 };
  const pages = await Promise.all(Array.from({ length: 2_000 }, () => replay.since(ask)));
  pages.push(await replay.since(ask));
  assert.equal(bus.reads, 1);
  assert.equal(pages[0]?.events.length, 90);
  const frames = new Set(pages.map((page) => pageFrames('stream', page)));
  assert.equal(frames.size, 1);
  assert.match(String([...frames][0]?.[0]?.plain), /^id: \w+-11\ndata: 10\n\n/);
});

test('those from other places wait for their turn, and get their own', async () => {
  const { bus, replay } = await filled();
  const pages = await Promise.all(
    Array.from({ length: 99 }, (_, after) => replay.since({ channels: ['a'], after, upTo: 100 })),
  );
  assert.ok(bus.most <= 4, `${bus.most} at once`);
  assert.deepEqual(
    pages.map(({ events }) => events[0]?.n),
    Array.from({ length: 99 }, (_, after) => after + 1),
  );
});

test('a read that fails is not shared with those who come later', async () => {
  const { bus, replay } = await filled();
  const ask = { channels: ['a'], after: 10, upTo: 100 };
  bus.fails = true;
  await assert.rejects(replay.since(ask));
  bus.fails = false;
  assert.equal((await replay.since(ask)).events.length, 90);
});

test('who comes back does not keep the event loop from others', async () => {
  const { replay } = await filled();
  const ask = { channels: ['a'], after: 10, upTo: 100 };
  await replay.since(ask);
  let between = 0;
  let inOne = 0;
  let most = 0;
  const count = () => {
    between++;
    inOne = 0;
    if (between < 1_000) setImmediate(count);
  };
  setImmediate(count);
  await Promise.all(
    Array.from({ length: 1_000 }, async () => {
      await replay.since(ask);
      most = Math.max(most, ++inOne);
    }),
  );
  between = 1_000;
  assert.ok(most <= 64, `${most} went on in one turn`);
});
