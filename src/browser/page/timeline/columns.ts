/** What falls together on the screen is drawn once: the cost of a drawing is that of its pixels, not of what happened. */

/** Marks that stand closer than one can tell apart. */
export interface Column {
  /** Which column of the whole of time, so that it holds together the same marks wherever it is drawn. */
  readonly key: number;
  readonly count: number;
  /** The first of them. */
  readonly at: number;
}

/** `width`: how many milliseconds a column is wide. The marks are in order. */
export function columnsOf(marks: readonly { readonly from: number }[], width: number): readonly Column[] {
  const columns: { key: number; count: number; at: number }[] = [];
  for (const { from } of marks) {
    const key = Math.floor(from / width);
    const last = columns.at(-1);
    if (last?.key === key) last.count++;
    else columns.push({ key, count: 1, at: from });
  }
  return columns;
}

/** Bars in pixels; those that touch become one. */
export function joined(bars: Iterable<readonly [number, number]>): readonly (readonly [number, number])[] {
  const runs: [number, number][] = [];
  for (const [from, to] of bars) {
    const last = runs.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else runs.push([from, to]);
  }
  return runs;
}

/** How high a column stands, as a share of its lane: one mark is seen, hundreds are more. */
export function heightOf(count: number): number {
  return Math.min(1, 0.62 + 0.06 * Math.log2(count));
}
