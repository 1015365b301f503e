import type { Break } from './gaps.ts';
import type { Lane } from './lane.ts';
import type { Level } from './levels.ts';
import type { Press } from './presses.ts';

export type Mark = Press | Level;

/** What lies under a finger. */
export type Found =
  | { readonly mark: Mark /** As many presses stand there as one. */; readonly among: number }
  | { readonly gap: Break };

/** The nearest press; else what reaches over this time; else a gap. */
export function find(lane: Lane, at: number, reach: number, now: number): Found | undefined {
  const near = lane.presses(at - reach, at + reach).filter(({ from }) => Math.abs(from - at) <= reach);
  const [nearest] = near.sort((a, b) => Math.abs(a.from - at) - Math.abs(b.from - at));
  if (nearest) return { mark: nearest, among: crowd(near, nearest, reach) };
  const gap = lane.gaps.find(({ from, to }) => from - reach <= at && at <= to + reach);
  if (gap) return { gap };
  const held = lane.presses(at, at).find((press) => press.from <= at && at <= (lane.endOf(press) ?? now));
  if (held) return { mark: held, among: 1 };
  const lit = lane.levels(at, at).find((step) => step.level === 1 && step.at <= at && at <= (step.to ?? now));
  return lit && { mark: lit, among: 1 };
}

/** Those that cannot be told apart from the nearest one. */
function crowd(near: readonly Press[], { from }: Press, reach: number): number {
  return near.filter((press) => Math.abs(press.from - from) < reach / 4).length;
}

export function timeOf(mark: Mark): number {
  return 'n' in mark ? mark.from : mark.at;
}

/** The mark before or after; without one to begin at, the newest that is shown. */
export function neighbour(marks: readonly Mark[], mark: Mark | undefined, step: 1 | -1): Mark | undefined {
  if (!mark) return marks.at(-1);
  const here = marks.findIndex((one) => timeOf(one) >= timeOf(mark));
  return marks[(here < 0 ? marks.length : here) + step];
}
