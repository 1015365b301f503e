import assert from 'node:assert/strict';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/ready.ts';
import { Crowd } from './crowd.ts';
import { Reader, type Seat } from './reader.ts';
import { needFiles, Target } from './target.ts';

const STREAMS = 10_000;
const LIVE = 200;
const BEHIND = 100;
const PUBLISH_MS = 100;
const AFTER_MS = 2_000;
const MOST_RESIDENT = 400_000_000;
const MOST_LATE_MS = 1_000;

test('10,000 streams come back at once, half of them 100 events behind, and nobody who is live waits', async (t) => {
  needFiles(STREAMS + 2 * LIVE);
  const target = await Target.start();
  t.after(() => target.stop());
  const crowd = new Crowd();
  t.after(() => crowd.stop());
  let late = 0;
  const hear = {
    event: (_reader: Reader, at: number) => {
      late = Math.max(late, Date.now() - at);
    },
  };
  const path = '/stream?channel=room';
  const live = Array.from({ length: LIVE }, () => new Reader({ port: target.port, path, after: 0 }, hear));
  t.after(() => {
    for (const reader of live) reader.close();
  });
  await eventually('all who are live are there', async () => {
    await sleep(20);
    return live.every((reader) => reader.open);
  });
  await target.publish('room');
  const behind = target.newest;
  for (let i = 0; i < BEHIND; i++) await target.publish('room');
  const present = target.newest;

  late = 0;
  const own = monitorEventLoopDelay({ resolution: 10 });
  own.enable();
  const quiet = target.publishEvery(PUBLISH_MS, 'room');
  const began = performance.now();
  crowd.seat(
    Array.from(
      { length: STREAMS },
      (_, i): Seat => ({
        port: target.port,
        path,
        from: `127.0.0.${2 + (i % 8)}`,
        ...(i % 2 === 0 ? behind : present),
      }),
    ),
  );
  await crowd.heard(present.after);
  const took = performance.now() - began;
  await sleep(AFTER_MS);
  quiet();
  const end = await crowd.heard(target.sequence);
  const resident = target.resident('VmHWM');
  const ownLate = Math.round(own.max / 1e6);
  t.diagnostic(
    `caught up in ${(took / 1000).toFixed(1)} s; at most ${Math.round(resident / 1e6)} MB; ` +
      `live events ${late} ms late at most (this process itself ${ownLate} ms)`,
  );
  assert.deepEqual(end.wrong, {});
  assert.equal(end.there, STREAMS);
  for (const reader of live) assert.equal(reader.wrong, undefined);
  assert.ok(resident < MOST_RESIDENT, `${resident} bytes`);
  assert.ok(late - ownLate < MOST_LATE_MS, `${late} ms late, this process itself ${ownLate} ms`);
});
