import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pageFrames } from '../../src/app/sse/pageFrames.ts';
import { NobodyWaits, Replay } from '../../src/app/sse/replay.ts';
import type { Page, SinceQuery } from '../../src/bus/bus.ts';
import { startApp } from '../support/app.ts';
import { HeldBus } from '../support/heldBus.ts';
import { loggedLines } from '../support/logged.ts';
import { eventually } from '../support/ready.ts';
import { request } from '../support/request.ts';
import { Stream } from '../support/stream.ts';

/** A store that shows how it was asked. */
class AskedBus extends HeldBus {
  reads = 0;
  atOnce = 0;
  most = 0;
  fails = false;
  onItsWay: Promise<void> | undefined;

  override async since(query: SinceQuery): Promise<Page> {
    this.reads++;
    this.most = Math.max(this.most, ++this.atOnce);
    await sleep(1);
    await this.onItsWay;
    this.atOnce--;
    if (this.fails) throw new Error('away');
    return super.since(query);
  }
}

async function filled(): Promise<{ bus: AskedBus; replay: Replay }> {
  const bus = new AskedBus();
  for (let i = 0; i < 100; i++) await bus.append({ channel: 'a', name: 'message', data: `${i}`, at: 0 });
  return { bus, replay: new Replay(bus, () => undefined) };
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

/** Reads that take until the test says so keep all others in line. */
function busy(bus: AskedBus, replay: Replay): () => Promise<unknown> {
  let arrive = () => {};
  bus.onItsWay = new Promise((done) => {
    arrive = done;
  });
  const reads = [1, 2, 3, 4].map((after) => replay.since({ channels: ['a'], after, upTo: 100 }));
  return () => {
    arrive();
    return Promise.all(reads);
  };
}

test('what all have left is not read; what one of them still wants is', async () => {
  const { bus, replay } = await filled();
  const release = busy(bus, replay);
  const left = { channels: ['a'], after: 10, upTo: 100 };
  const wanted = { ...left, after: 20 };
  const gone = [left, left, { channels: ['a'], after: 0 }].map((ask) =>
    assert.rejects(
      replay.since(ask, () => false),
      NobodyWaits,
    ),
  );
  const shared = [false, true, false].map((stays) => replay.since(wanted, () => stays));
  await release();
  await Promise.all(gone);
  for (const page of await Promise.all(shared)) assert.equal(page.events[0]?.n, 21);
  assert.equal(bus.reads, 5);
});

test('who comes in the moment in which a page is given up gets it all the same', async () => {
  const { bus, replay } = await filled();
  const release = busy(bus, replay);
  const ask = { channels: ['a'], after: 10, upTo: 100 };
  let late: Promise<Page> | undefined;
  const leaves = () => {
    queueMicrotask(() => {
      late = replay.since(ask, () => true);
    });
    return false;
  };
  await Promise.all([assert.rejects(replay.since(ask, leaves), NobodyWaits), release()]);
  assert.equal((await late)?.events[0]?.n, 11);
});

test('nothing is read for streams that were closed while they waited for their turn', async (t) => {
  const { log, lines } = loggedLines();
  const app = await startApp({ HEARTBEAT: '1h' }, { log });
  t.after(() => app.stop());
  const { bus } = app.store;
  for (let i = 0; i < 20; i++) await bus.append({ channel: 'a', name: 'message', data: `${i}`, at: 0 });
  const { epoch } = await bus.position();
  const since = bus.since.bind(bus);
  const read: number[] = [];
  let arrive = () => {};
  const onItsWay = new Promise<void>((done) => {
    arrive = done;
  });
  bus.since = async (query) => {
    read.push(query.after);
    await onItsWay;
    return since(query);
  };
  const open = (after: number) =>
    Stream.open(`${app.url}/stream?channel=a`, { 'Last-Event-ID': `${epoch}-${after}` });
  const streams = [];
  for (let after = 1; after <= 10; after++) streams.push(await open(after));
  for (const stream of streams.slice(4)) stream.close();
  await eventually('they are gone', async () =>
    (await request(`${app.url}/metrics`)).text.includes('pinstream_streams 4\n'),
  );
  const late = await open(15);
  arrive();
  for (const stream of [...streams.slice(0, 4), late]) {
    await stream.until(`id: ${epoch}-20\n`);
    stream.close();
  }
  assert.deepEqual(read, [1, 2, 3, 4, 15]);
  assert.deepEqual(
    lines.filter((line) => line.startsWith('error: ')),
    [],
  );
});

test('a stream that fails for a reason nobody knows does not blame the store', async (t) => {
  const app = await startApp();
  t.after(() => app.stop());
  const { epoch } = await app.store.bus.append({ channel: 'a', name: 'message', data: 'x', at: 0 });
  app.store.bus.since = () => Promise.reject(new Error('odd'));
  const stream = await Stream.open(`${app.url}/stream?channel=a`, { 'Last-Event-ID': `${epoch}-0` });
  await stream.ended();
  assert.match(
    stream.text,
    /"refused","reason":"Something went wrong here: come back\. The app's log says what\."/,
  );
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
