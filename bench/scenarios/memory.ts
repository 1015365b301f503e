import { type Scenario, streamsLabel, streamsOf } from '../scenario.ts';

const WARM = 100;

/** What a stream holds that has nothing to do, after all garbage was collected. */
export const memory: Scenario = {
  name: 'memory',
  title: 'Memory of an idle stream',
  metrics: [
    { key: 'kib', title: 'resident KiB per stream', digits: 1, against: ['nchan', 'koa-nginx'] },
    { key: 'restMib', title: 'resident MiB without streams', digits: 0 },
  ],
  table: 'servers by sizes',
  sizes: (scale) =>
    streamsOf(scale, [5_000]).map((streams) => ({
      label: streamsLabel(streams),
      streams,
      seconds: 6 + streams / 1_000,
      async measure(cell) {
        const running = await cell.start({ collects: true });
        await cell.warmed(running, Math.min(WARM, streams));
        const before = await cell.held(running);
        let after = before;
        await cell.load(running, streams, ['connect', 'pause'], {
          async atPause() {
            after = await cell.held(running);
          },
        });
        return { kib: (after - before) / 1024 / streams, restMib: before / 2 ** 20 };
      },
    })),
};
