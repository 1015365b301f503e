import type { Bus, Page } from '../../bus/bus.ts';
import type { Cursor } from '../../contract/cursor.ts';

/** What a reader asks of the log, at once or waiting. */
export interface Question {
  readonly channels: readonly string[];
  /** Where the reader is; `unknown` when what it says is no cursor of ours; nothing: at the beginning of the log. */
  readonly cursor: Cursor | 'unknown' | undefined;
  readonly limit: number;
}

export interface Found {
  readonly page: Page;
  /** The page follows this number. */
  readonly after: number;
  /** The reader comes from another store: the page is the beginning of this one. */
  readonly foreign: boolean;
}

/** A page of events after a cursor. Whether the cursor is of this store is judged by the store's own answer. */
export async function look(bus: Bus, { channels, cursor, limit }: Question): Promise<Found> {
  if (cursor === undefined)
    return { page: await bus.since({ channels, after: 0, limit }), after: 0, foreign: false };
  if (cursor !== 'unknown') {
    const page = await bus.since({ channels, after: cursor.n, limit });
    if (page.epoch === cursor.epoch) return { page, after: cursor.n, foreign: false };
  }
  return { page: await bus.since({ channels, after: 0, limit }), after: 0, foreign: true };
}
