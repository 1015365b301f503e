import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { Reader } from './reader.ts';
import { Target } from './target.ts';

/** Ten minutes and 50,000 connections are MINUTES=10. */
const MINUTES = Number(process.env.MINUTES ?? '1.5');
const A_MINUTE = 5_000;
/** So many are there at any time. */
const THERE = 200;
const MOST_GROWTH = 1.1;

/** V8 gives the room of young garbage back and takes it again as it likes, 30 MB of it: the memory would be lower now and then. */
const NODE = ['--expose-gc', '--no-memory-reducer', '--import', './test/load/collect.mjs'];

test(`${MINUTES} minutes of join and leave end with the memory that they began with`, async (t) => {
  const target = await Target.start({}, NODE);
  t.after(() => target.stop());
  await target.publish('room');
  target.publishEvery(200, 'room');
  const there: Reader[] = [];
  const wrong = new Set<string>();
  const began = performance.now();
  const total = Math.round(MINUTES * A_MINUTE);
  let first = 0;
  for (let i = 0; i < total; i++) {
    const due = began + (i * 60_000) / A_MINUTE;
    const wait = due - performance.now();
    if (wait > 1) await sleep(wait);
    // From the newest on, so that it may replay an event or two.
    const cursor = target.newest;
    there.push(
      new Reader({
        port: target.port,
        path: '/stream?channel=room',
        ...cursor,
        from: `127.0.0.${2 + (i % 8)}`,
      }),
    );
    if (there.length > THERE) leave(there.shift() as Reader);
    if (i === Math.round(total / 10)) first = await target.kept();
  }
  const last = await target.kept();
  for (const reader of there) leave(reader);
  t.diagnostic(
    `${total} connections: ${Math.round(first / 1e6)} MB after a tenth, ${Math.round(last / 1e6)} MB at the end`,
  );
  assert.deepEqual([...wrong], []);
  assert.ok(last <= first * MOST_GROWTH, `${last} bytes after ${first}`);

  function leave(reader: Reader): void {
    if (reader.wrong) wrong.add(reader.wrong);
    reader.close();
  }
});
