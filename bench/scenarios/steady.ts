import { generator, last, type Scenario, streamsLabel, streamsOf, warmUp } from '../scenario.ts';

/** Events at fixed times, whatever the server does: how long a delivery takes. */
export const steady: Scenario = {
  name: 'steady',
  title: 'A steady rate',
  servers: ['pinstream', 'nchan', 'better-sse', 'koa', 'loop'],
  metrics: [
    { key: 'p50', title: 'p50 ms', digits: 1 },
    { key: 'p90', title: 'p90 ms', digits: 1 },
    { key: 'p99', title: 'p99 ms', digits: 1, against: ['nchan', 'loop'] },
    { key: 'p999', title: 'p99.9 ms', digits: 1 },
    { key: 'cpuUs', title: 'CPU µs per delivery', digits: 2 },
  ],
  table: 'servers by metrics',
  sizes: (scale) =>
    streamsOf(scale, [1_000, 5_000]).map((streams) => {
      const rate = streams > 2_000 ? 10 : 50;
      // What happens for each event is compiled after some hundred of them, on the core that is measured: it would be what the
      // slowest hundredth waits for.
      const warm = scale.quick ? 0.2 : 15;
      const seconds = scale.quick ? 0.5 : 10;
      return {
        label: `${streamsLabel(streams)}, ${rate} events a second`,
        streams,
        seconds: 4 + warm + seconds,
        async measure(cell) {
          const of = (length: number) => `steady:rate=${rate},seconds=${length}`;
          const phase = last(
            await cell.load(await cell.start(), streams, [warmUp(scale), 'connect', of(warm), of(seconds)]),
          );
          const { p50, p90, p99, p999 } = phase.latencyUs ?? { p50: 0, p90: 0, p99: 0, p999: 0 };
          return {
            ...{ p50: p50 / 1_000, p90: p90 / 1_000, p99: p99 / 1_000, p999: p999 / 1_000 },
            cpuUs: cell.cpuNs(phase) / 1_000 / phase.deliveries,
            ...generator(phase),
          };
        },
      };
    }),
};
