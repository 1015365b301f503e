import type { Results } from './results.ts';
import { type Row, ratioText } from './table.ts';

/** What the product is held to: ratios of figures of one run. */
interface Target {
  readonly what: string;
  readonly scenario: string;
  readonly size: string;
  readonly metric: string;
  readonly server: string;
  readonly against: string;
  readonly wanted: { readonly atMost: number } | { readonly atLeast: number };
}

const FAN_OUT = { scenario: 'fan-out', metric: 'cpuUs' };
const STEADY = { scenario: 'steady', metric: 'p99', server: 'pinstream', against: 'nchan' };

export const TARGETS: readonly Target[] = [
  ...fanOut('CPU per delivery, against nchan', 'pinstream', 'nchan', { 1: 0.9, 5: 0.72, 10: 0.78 }),
  ...fanOut('CPU per delivery, against the C loop', 'pinstream', 'loop', { 1: 1.45, 5: 1.35, 10: 1.35 }),
  {
    what: 'Resident memory per idle stream, against nchan',
    ...{ scenario: 'memory', size: '5,000 streams', metric: 'kib', server: 'pinstream', against: 'nchan' },
    wanted: { atMost: 0.45 },
  },
  {
    what: 'Bursts of 16: deliveries per CPU second, against nchan',
    ...{ scenario: 'burst', size: '1,000 streams', metric: 'perSecond' },
    ...{ server: 'pinstream', against: 'nchan' },
    wanted: { atLeast: 3 },
  },
  ...['1,000 streams, 50 events a second', '5,000 streams, 10 events a second'].map((size) => ({
    what: 'p99 of latency, against nchan',
    size,
    ...STEADY,
    wanted: { atMost: 1 },
  })),
  ...fanOut('Behind nginx by TCP, app and nginx, against Koa behind nginx', 'pinstream-tcp', 'koa-nginx', {
    1: 0.7,
    5: 0.75,
  }),
  ...fanOut(
    'Behind nginx by unix socket, app and nginx, against Koa behind nginx',
    'pinstream-socket',
    'koa-nginx',
    { 1: 0.7, 5: 0.75 },
  ),
  ...['one at a time', '16 at once'].map((size) => ({
    what: "HTTP publish with history, requests per CPU second of the app, against Koa's without",
    ...{ scenario: 'publish', size, metric: 'perSecond', server: 'pinstream', against: 'koa' },
    wanted: { atLeast: 1 },
  })),
];

/** A line for each that was measured. */
export function checklist(results: Results): Row[] {
  return TARGETS.flatMap((target) => {
    const { what, scenario, size, metric, server, against, wanted } = target;
    const ratio = results.ratio(
      { scenario, size, metric, server },
      { scenario, size, metric, server: against },
    );
    if (!ratio) return [];
    const isMet = 'atMost' in wanted ? ratio.median <= wanted.atMost : ratio.median >= wanted.atLeast;
    const text = 'atMost' in wanted ? `≤ ${wanted.atMost.toFixed(2)}` : `≥ ${wanted.atLeast.toFixed(2)}`;
    return [{ label: what, cells: [size, text, ratioText(ratio), isMet ? 'yes' : 'no'] }];
  });
}

function fanOut(
  what: string,
  server: string,
  against: string,
  most: Readonly<Record<number, number>>,
): Target[] {
  return Object.entries(most).map(([thousands, atMost]) => ({
    what,
    size: `${thousands},000 streams`,
    ...FAN_OUT,
    server,
    against,
    wanted: { atMost },
  }));
}
