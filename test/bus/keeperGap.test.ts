import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Lease } from '../../src/bus/bus.ts';
import { Keeper } from '../../src/bus/keeper.ts';
import type { RedisBus } from '../../src/bus/redisBus.ts';
import type { DoorbellNotice } from '../../src/bus/redisEntries.ts';
import type { RedisLink } from '../../src/bus/redisLink.ts';
import { silentLog } from '../../src/lib/log.ts';

/** A keeper between whose ear and doorbell the test stands. */
function keeperByHand() {
  const markers: string[] = [];
  const appended: string[] = [];
  let subscribed = () => {};
  let holds = false;
  let hearMarker = (_marker: string) => {};
  let hearRaw = (_pattern: string, _channel: Buffer, _text: Buffer) => {};
  let notice = (_notice: DoorbellNotice) => {};
  const redis = {
    publish: async (_name: string, marker: string) => void markers.push(marker),
    pinstreamLease: async (...given: unknown[]) => (holds ? ['0', given[4]] : ['-1', 'another *']),
    pinstreamSay: async () => 1,
    pinstreamRelease: async () => 0,
  };
  const names = {
    marker: 'marker',
    lease: 'lease',
    candidates: 'candidates',
    meta: 'meta',
    doorbell: 'doorbell',
  };
  const link = {
    names,
    ready: true,
    hear: (_name: string, hearer: typeof hearMarker) => {
      hearMarker = hearer;
    },
    hearPatterns: (_patterns: string[], hearer: typeof hearRaw) => {
      hearRaw = hearer;
    },
    onListening: (done: () => void) => {
      subscribed = done;
    },
    onStatus: () => {},
    ask: (work: (asked: typeof redis) => unknown) => work(redis),
  } as unknown as RedisLink;
  const bus = {
    onNotice: (heard: typeof notice) => {
      notice = heard;
    },
    doorbell: { reached: async () => {} },
    append: async ({ data }: { data: string }, _terms: { lease: Lease }) => void appended.push(data),
  } as unknown as RedisBus;
  const counts = { adopted() {}, odd() {} };
  const keeper = new Keeper(link, bus, { adopt: ['*'], counts, duty: async () => {} }, silentLog);
  keeper.start();
  const settle = () => new Promise((done) => setImmediate(done));
  return {
    keeper,
    markers,
    appended,
    settle,
    subscribe: () => subscribed(),
    raw: (text: string) => hearRaw('*', Buffer.from('a'), Buffer.from(text)),
    marker: (text: string) => hearMarker(text),
    passed: (marker: string) => notice({ marker }),
    /** The lease is free from here on; it is asked for at once. */
    take: async () => {
      holds = true;
      subscribed();
      await settle();
      const last = markers.at(-1) as string;
      hearMarker(last);
      await settle();
      await settle();
    },
  };
}

test('a gap while a marker is out: what was adopted in it is not adopted again at the next taking', async (t) => {
  const { keeper, markers, appended, settle, subscribe, raw, marker, passed, take } = keeperByHand();
  t.after(() => keeper.stop());
  subscribe();
  await settle();
  const [first = ''] = markers;
  marker(first);
  raw('adopted, and the log has dropped it before this app could hear of it');
  keeper.gap();
  await settle();
  const second = markers.at(-1) as string;
  assert.notEqual(second, first, 'a marker that comes after what was missed');
  marker(second);
  passed(first);
  passed(second);
  raw('new');
  await take();
  assert.deepEqual(appended, ['new']);
});
