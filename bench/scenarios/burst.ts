import { generator, last, type Scenario, streamsLabel, streamsOf, warmUp } from '../scenario.ts';

const IN_FLIGHT = 16;

/** Sixteen are published at the same moment; the next sixteen when each stream has all of them. */
export const burst: Scenario = {
  name: 'burst',
  title: `Bursts of ${IN_FLIGHT} events`,
  metrics: [
    {
      key: 'perSecond',
      title: 'thousands of deliveries per CPU second',
      digits: 0,
      against: ['nchan', 'loop', 'koa-nginx'],
    },
  ],
  table: 'servers by sizes',
  sizes: (scale) =>
    streamsOf(scale, [1_000]).map((streams) => {
      const warm = scale.quick ? 1 : 10;
      const bursts = scale.quick ? 2 : 50;
      return {
        label: streamsLabel(streams),
        streams,
        seconds: 3 + (streams * IN_FLIGHT * (warm + bursts)) / 100_000,
        async measure(cell) {
          const of = (count: number) => `burst:events=${count * IN_FLIGHT},in-flight=${IN_FLIGHT}`;
          const phases = [warmUp(scale), 'connect', of(warm), of(bursts)];
          const phase = last(await cell.load(await cell.start(), streams, phases));
          return { perSecond: (phase.deliveries * 1e6) / cell.cpuNs(phase), ...generator(phase) };
        },
      };
    }),
};
