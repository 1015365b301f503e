import { changeOf } from './change.ts';
import type { Entry } from './entries.ts';
import { gapRow } from './gapRow.ts';
import { eventRow } from './row.ts';
import { sparseRow } from './sparseRow.ts';
import type { Stock } from './stock.ts';

/** Stands where events begin to be left out. */
const BORDER: Entry = { id: 'border', era: 0, n: 0, arrival: 0 };

export function withBorder(entries: readonly Entry[], stock: Stock): readonly Entry[] {
  const at = stock.expression ? -1 : entries.findIndex((entry) => stock.isSparseAt(entry));
  return at < 0 ? entries : [...entries.slice(0, at), BORDER, ...entries.slice(at)];
}

export interface RowsContext {
  /** All that are shown, newest first. */
  readonly entries: readonly Entry[];
  /** The text that is searched for. */
  readonly wanted: RegExp | undefined;
  /** Somebody wants to see what is left out. */
  readonly fill: () => void;
}

export function rowOf(entry: Entry, { entries, wanted, fill }: RowsContext): HTMLElement {
  const { event, gap } = entry;
  if (gap) return gapRow(gap);
  if (!event) return sparseRow(fill);
  // What is searched for may stand in what has not changed.
  const changed = () => (wanted ? undefined : changeOf(event, entries.slice(entries.indexOf(entry) + 1)));
  return eventRow(event, { wanted, changeOf: changed });
}
