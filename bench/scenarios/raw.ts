import { fileURLToPath } from 'node:url';
import { expectAll, type Phase } from '../load.ts';
import { LOAD_CORE } from '../machine.ts';
import type { Scenario } from '../scenario.ts';

const PUBLISHER = fileURLToPath(new URL('../rawPublisher.ts', import.meta.url));

/** `PUBLISH` straight into Redis, at most 64 ahead of the stream that hears them: Pinstream keeps each, Koa passes it on. */
export const raw: Scenario = {
  name: 'raw',
  title: 'Raw publishes in Redis, kept and sent to a stream',
  servers: ['pinstream', 'koa'],
  metrics: [
    { key: 'perSecond', title: 'events per CPU second of the server', digits: 0, against: ['koa'] },
    { key: 'redisUs', title: 'CPU µs of Redis per event', digits: 1 },
    { key: 'rate', title: 'events a second', digits: 0 },
  ],
  table: 'servers by metrics',
  sizes: ({ quick }) => [
    {
      label: '64 in flight',
      streams: 1,
      seconds: 10,
      async measure(cell) {
        const running = await cell.start();
        const [warm, events] = quick ? [100, 200] : [5_000, 20_000];
        const url = `http://127.0.0.1:${running.port}${running.door.streamPath}`;
        const program = cell.place.start({
          command: process.execPath,
          args: [
            ...['--import', 'tsx', PUBLISHER, cell.redis.url, url, String(warm), String(events)],
            ...[...running.pids, cell.redis.pid].map(String),
          ],
          core: LOAD_CORE,
        });
        const status = await program.ended();
        if (status !== 0) throw program.failure('could not publish');
        const phase = JSON.parse(program.said) as Phase;
        expectAll(phase);
        const kept = await running.kept?.();
        if (kept !== undefined && kept !== warm + events)
          throw new Error(`Of ${warm + events} raw publishes it has kept ${kept}.`);
        return {
          perSecond: (events * 1e9) / cell.cpuNs(phase),
          redisUs: cell.redisCpuNs(phase) / 1_000 / events,
          rate: events / phase.seconds,
        };
      },
    },
  ],
};
