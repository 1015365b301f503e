import type { Cell } from './cell.ts';
import type { Phase } from './load.ts';

/** What is measured, and how the tables word it. */
export interface Scenario {
  /** As in `--only`. */
  readonly name: string;
  readonly title: string;
  /** Who takes part; all if not given. */
  readonly servers?: readonly string[];
  readonly metrics: readonly Metric[];
  /** A table for each metric, or one for each size, or only one. */
  readonly table: 'servers by sizes' | 'servers by metrics' | 'sizes by metrics';
  sizes(scale: Scale): Size[];
}

export interface Metric {
  readonly key: string;
  readonly title: string;
  readonly digits: number;
  /** The servers that others are compared with, each with those on its own side of nginx; or the first size. */
  readonly against?: readonly string[] | 'first size';
}

export interface Size {
  readonly label: string;
  readonly streams: number;
  /** A first guess of how long it takes. */
  readonly seconds: number;
  measure(cell: Cell): Promise<Values>;
}

export type Values = Readonly<Record<string, number>>;

export interface Scale {
  /** Everything works, and no figure means anything. */
  readonly quick: boolean;
  /** Asked for, in place of those that belong to the scenario. */
  readonly streams?: readonly number[];
}

/** The numbers of streams of a scenario. */
export function streamsOf(scale: Scale, usual: readonly number[], quick = 40): readonly number[] {
  return scale.streams ?? (scale.quick ? [quick] : usual);
}

export function streamsLabel(streams: number): string {
  return `${grouped(streams)} streams`;
}

export function grouped(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** So many events that there are about that many deliveries. */
export function eventsFor(deliveries: number, streams: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, Math.round(deliveries / streams)));
}

/** Events that nobody hears yet, so that the way of an event is compiled before it counts. */
export function warmUp({ quick }: Scale): string {
  return `publish:seconds=${quick ? 0.1 : 2},at-once=1`;
}

/** The last phase; those before it have warmed the server up. */
export function last(phases: readonly Phase[]): Phase {
  const phase = phases.at(-1);
  if (!phase) throw new Error('The load generator has said nothing.');
  return phase;
}

/** What says that the load generator was not the bottleneck. */
export function generator({ ownCpuNs, deliveries, batchUs, lateUs }: Phase): Values {
  return {
    loadCpuUs: ownCpuNs / 1_000 / Math.max(1, deliveries),
    ...(batchUs && { loadBatchUs: batchUs.p99 }),
    ...(lateUs && { loadLateUs: lateUs.p99 }),
  };
}
