import { Crowd } from '../crowd.ts';
import { eventsFor, generator, last, type Scale, type Scenario, type Size } from '../scenario.ts';

interface Grown {
  readonly label: string;
  /** Other channels, that each have a log and a stream that listens. */
  readonly channels?: number;
  /** Patterns of other streams. */
  readonly patterns?: number;
  /** What each of the measured streams listens to besides. */
  readonly subscriptions?: number;
}

const SMALL = 'alone';
const GROWN: readonly Grown[] = [
  { label: SMALL },
  { label: '100 channels', channels: 99 },
  { label: '10,000 channels', channels: 9_999 },
  { label: '10 subscriptions a stream', subscriptions: 9 },
  { label: '100 subscriptions a stream', subscriptions: 99 },
  { label: '100 patterns', patterns: 100 },
  { label: '10,000 patterns', patterns: 10_000 },
];

/** The same deliveries while there are more channels, subscriptions and patterns: one channel, one subscription, no pattern first. */
export const growth: Scenario = {
  name: 'growth',
  title: 'Growth',
  servers: ['pinstream'],
  metrics: [
    { key: 'cpuUs', title: 'CPU µs per delivery', digits: 2, against: 'first size' },
    { key: 'kib', title: 'resident KiB per idle stream', digits: 1, against: 'first size' },
  ],
  table: 'sizes by metrics',
  sizes: (scale) => GROWN.map((grown) => size(grown, scale)),
};

function size(grown: Grown, { quick }: Scale): Size {
  const { label, channels = 0, patterns = 0, subscriptions = 0 } = grown;
  const share = quick ? 0.02 : 1;
  const streams = quick ? 40 : 1_000;
  const warm = quick ? 3 : eventsFor(100_000, streams, 20, 500);
  const events = quick ? 5 : eventsFor(400_000, streams, 60, 2_000);
  return {
    label,
    streams,
    seconds: 8 + (streams * (warm + events)) / 100_000,
    async measure(cell) {
      const running = await cell.start({ collects: true });
      const crowd = new Crowd(running.port);
      try {
        await crowd.publishOn(names('other', Math.ceil(channels * share)));
        await crowd.listenTo(names('other', Math.ceil(channels * share)));
        await crowd.listenTo(names('room', Math.ceil(patterns * share)).map((name) => `${name}-*`));
        await cell.warmed(running, Math.min(100, streams));
        const before = await cell.held(running);
        let after = before;
        const besides = names('mine', subscriptions).map((name) => `&channel=${name}`);
        const phases = ['connect', 'pause', `one:events=${warm}`, `one:events=${events}`];
        const phase = last(
          await cell.load(running, streams, phases, {
            streamPath: `${running.door.streamPath}${besides.join('')}`,
            async atPause() {
              after = await cell.held(running);
            },
          }),
        );
        return {
          cpuUs: cell.cpuNs(phase) / 1_000 / phase.deliveries,
          kib: (after - before) / 1024 / streams,
          ...generator(phase),
        };
      } finally {
        crowd.leave();
      }
    },
  };
}

function names(kind: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${kind}-${i}`);
}
