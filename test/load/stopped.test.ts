import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/ready.ts';
import { Reader } from './reader.ts';
import { Target } from './target.ts';

const OTHERS = 1_000;
const PUBLISH_MS = 100;
/** Who waited for it would hear half a minute late. */
const MOST_LATE_MS = 1_000;
const GONE_MS = 31_000;

test('a reader that stops with 1 MiB unsent is gone within 31 s, and 1,000 others never waited for it', async (t) => {
  const target = await Target.start({ CLIENT_BUFFER: '4MiB', HEARTBEAT: '1h' });
  t.after(() => target.stop());
  let late = 0;
  const hear = { event: (_reader: Reader, at: number) => (late = Math.max(late, Date.now() - at)) };
  const others = Array.from(
    { length: OTHERS },
    () => new Reader({ port: target.port, path: '/stream?channel=room', after: 0 }, hear),
  );
  t.after(() => {
    for (const reader of others) reader.close();
  });
  await eventually('all others are there', async () => (await target.metric('pinstream_streams')) === OTHERS);
  const quiet = target.publishEvery(PUBLISH_MS, 'room');
  await sleep(5_000);
  const lateAlone = late;
  const resident = target.resident('VmRSS');

  const stopped = connect(target.port, '127.0.0.1');
  stopped.on('error', () => {}); // cut off
  t.after(() => stopped.destroy());
  stopped.pause();
  stopped.write('GET /stream?channel=large HTTP/1.1\r\nHost: localhost\r\n\r\n');
  await eventually('it is there', async () => (await target.metric('pinstream_streams')) === OTHERS + 1);
  while ((await target.metric('pinstream_unsent_bytes')) < 1_048_576) await target.publishLarge('large');
  const began = performance.now();
  late = 0;
  while ((await target.metric('pinstream_streams')) > OTHERS) await sleep(100);
  const took = performance.now() - began;
  quiet();
  t.diagnostic(
    `gone after ${(took / 1000).toFixed(1)} s; others heard after ${late} ms at most, ${lateAlone} ms without it`,
  );
  assert.ok(took <= GONE_MS, `it was gone after ${took} ms`);
  assert.equal(await target.metric('pinstream_streams_cut_total{reason="stalled"}'), 1);
  assert.equal(await target.metric('pinstream_unsent_bytes'), 0);
  assert.ok(late < MOST_LATE_MS, `others heard after ${late} ms, ${lateAlone} ms without it`);
  assert.ok(target.resident('VmRSS') < resident + 32_000_000, 'its memory was not given back');
  for (const reader of others) assert.equal(reader.wrong, undefined);
});
