import { sum } from '../proc.ts';
import { last, type Scenario } from '../scenario.ts';

/** Who publishes as fast as he is answered, and nobody listens: Pinstream keeps what Koa and better-sse let go. */
export const publish: Scenario = {
  name: 'publish',
  title: 'Publishing over HTTP',
  servers: ['pinstream', 'nchan', 'better-sse', 'koa'],
  metrics: [
    { key: 'perSecond', title: 'requests per CPU second of the server', digits: 0, against: ['koa'] },
    { key: 'redisUs', title: 'CPU µs of Redis per request', digits: 1 },
    { key: 'rate', title: 'requests a second', digits: 0 },
  ],
  table: 'servers by metrics',
  sizes: ({ quick }) =>
    [1, 16].map((atOnce) => {
      const of = (seconds: number) => `publish:seconds=${seconds},at-once=${atOnce}`;
      return {
        label: atOnce === 1 ? 'one at a time' : `${atOnce} at once`,
        streams: 0,
        seconds: 8,
        async measure(cell) {
          const phases = quick ? [of(0.2), of(0.3)] : [of(2), of(4)];
          const running = await cell.start();
          const done = await cell.load(running, 0, phases);
          const asked = sum(done.map((one) => one.requests ?? 0));
          const kept = await running.kept?.();
          if (kept !== undefined && kept !== asked)
            throw new Error(`Of ${asked} events that it took it has kept ${kept}.`);
          const phase = last(done);
          const requests = phase.requests ?? 0;
          return {
            perSecond: (requests * 1e9) / cell.cpuNs(phase),
            redisUs: cell.redisCpuNs(phase) / 1_000 / requests,
            rate: requests / phase.seconds,
          };
        },
      };
    }),
};
