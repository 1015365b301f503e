import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { BATCH, fill, PINS, press, publish } from '../../scripts/soak/feed.ts';
import { Measure, type Sample } from '../../scripts/soak/measure.ts';
import { watchRows } from '../../scripts/soak/rows.ts';
import { growth } from '../../scripts/soak/verdict.ts';
import { useDashboard } from '../support/dashboard.ts';

/** Half an hour at twenty a second. `npm run soak` takes that half hour. */
const EVENTS = 36_000;
const SAMPLE_EVERY = 1_500;

const { started, loaded } = useDashboard();

test('a page that has drawn as much as in half an hour holds no more than after a quarter of it, and has drawn each event once', async () => {
  const app = await started(PINS, { mock: true });
  let drawn: Awaited<ReturnType<typeof watchRows>> | undefined;
  const page = await loaded(app.url, {}, async (blank) => {
    drawn = await watchRows(blank, EVENTS);
  });
  assert.ok(drawn);
  await page.getByText('Live', { exact: true }).waitFor();
  await fill(app);
  const measure = await Measure.of(page);
  const samples: Sample[] = [];
  for (let n = BATCH; n <= EVENTS; n += BATCH) {
    await publish(app, n - BATCH, n);
    assert.ok(await drawn.until(n), `event ${n} is drawn`);
    if (n % 500 === 0) await press(app, 30);
    if (n % SAMPLE_EVERY === 0) samples.push(await measure.take());
  }
  assert.deepEqual(await drawn.counts(), { drawn: EVENTS, twice: 0 });
  assert.equal(await drawn.gaps(), 0);
  assert.deepEqual(growth(samples), [], JSON.stringify(samples));
});

describe('growth', () => {
  const flat: Sample = { heap: 8_000_000, worker: 2_000_000, nodes: 4_000, listeners: 500 };
  const soak = (change: (i: number) => Partial<Sample>) =>
    growth(Array.from({ length: 24 }, (_, i) => ({ ...flat, ...change(i) })));

  test('is none when all is as it was, also after a steep beginning and with a single outlier', () => {
    assert.deepEqual(
      soak((i) => ({ heap: i < 4 ? 1_000_000 * i : i === 20 ? 12_000_000 : 8_000_000 + 50_000 * (i % 3) })),
      [],
    );
  });

  test('is told of each that grows', () => {
    assert.deepEqual(
      soak((i) => ({ heap: 8_000_000 + 50_000 * i, nodes: 4_000 + 30 * i })),
      ['The heap grew from 8,300,000 to 8,900,000.', 'DOM nodes grew from 4,180 to 4,540.'],
    );
    assert.deepEqual(
      soak((i) => ({ worker: 2_000_000 + 40_000 * i, listeners: 500 + 3 * i })),
      ["The worker's heap grew from 2,240,000 to 2,720,000.", 'Listeners grew from 518 to 554.'],
    );
  });
});
