import { last, type Scenario, streamsLabel, streamsOf } from '../scenario.ts';

/** Streams come back at once, each behind by the same events. */
export const replay: Scenario = {
  name: 'replay',
  title: 'Replay of 100 events to streams that come back at once',
  servers: ['pinstream', 'nchan', 'pinstream-tcp', 'pinstream-socket'],
  metrics: [
    { key: 'cpuUs', title: 'CPU µs per replayed event, connecting included', digits: 2, against: ['nchan'] },
    { key: 'seconds', title: 'seconds until each has all', digits: 2, against: ['nchan'] },
  ],
  table: 'servers by sizes',
  sizes: (scale) =>
    streamsOf(scale, [5_000]).map((streams) => {
      const events = scale.quick ? 10 : 100;
      return {
        label: streamsLabel(streams),
        streams,
        seconds: 6 + streams / 1_000,
        async measure(cell) {
          const running = await cell.start();
          await cell.warmed(running, streams);
          const phase = last(await cell.load(running, streams, [`replay:events=${events}`]));
          return { cpuUs: cell.cpuNs(phase) / 1_000 / (streams * events), seconds: phase.seconds };
        },
      };
    }),
};
