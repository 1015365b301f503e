import {
  eventsFor,
  generator,
  last,
  type Scale,
  type Scenario,
  type Size,
  streamsLabel,
  streamsOf,
  warmUp,
} from '../scenario.ts';

/** The next event is published when each stream has the one before. */
export const fanOut: Scenario = {
  name: 'fan-out',
  title: 'Fan-out, one event at a time',
  metrics: [
    {
      key: 'cpuUs',
      title: 'CPU µs per delivery',
      digits: 2,
      against: ['nchan', 'loop', 'koa-nginx'],
    },
  ],
  table: 'servers by sizes',
  sizes: (scale) => streamsOf(scale, [100, 1_000, 5_000, 10_000]).map((streams) => size(streams, scale)),
};

function size(streams: number, scale: Scale): Size {
  const { quick } = scale;
  const warm = quick ? 3 : eventsFor(800_000, streams, 40, 1_000);
  const events = quick ? 5 : eventsFor(400_000, streams, 60, 2_000);
  return {
    label: streamsLabel(streams),
    streams,
    seconds: 5 + (streams * (warm + events)) / 80_000,
    async measure(cell) {
      const phases = [warmUp(scale), 'connect', `one:events=${warm}`, `one:events=${events}`];
      const phase = last(await cell.load(await cell.start(), streams, phases));
      return { cpuUs: cell.cpuNs(phase) / 1_000 / phase.deliveries, ...generator(phase) };
    },
  };
}
