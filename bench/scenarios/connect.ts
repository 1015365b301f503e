import { last, type Scenario, streamsLabel, streamsOf } from '../scenario.ts';

/** Streams are opened, 64 at a time, on a server that has seen some before. */
export const connect: Scenario = {
  name: 'connect',
  title: 'Opening streams',
  metrics: [{ key: 'cpuUs', title: 'CPU µs per stream', digits: 0, against: ['nchan', 'koa-nginx'] }],
  table: 'servers by sizes',
  sizes: (scale) =>
    streamsOf(scale, [1_000, 5_000]).map((streams) => ({
      label: streamsLabel(streams),
      streams,
      seconds: 5 + streams / 1_000,
      async measure(cell) {
        const running = await cell.start();
        await cell.warmed(running, streams);
        const phase = last(await cell.load(running, streams, ['connect']));
        return { cpuUs: cell.cpuNs(phase) / 1_000 / streams };
      },
    })),
};
