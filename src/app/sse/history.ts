import { type Bus, BusError } from '../../bus/bus.ts';
import type { Cursor } from '../../contract/cursor.ts';
import type { StoredEvent } from '../../contract/event.ts';

/** What somebody wants to know of the past. */
export interface Backward {
  readonly channels: readonly string[];
  /** Of each channel, the last so many. */
  readonly last: number;
  /** Of all these, the newest so many. */
  readonly limit: number;
  /** Only what is older. */
  readonly before?: Cursor | undefined;
}

export interface History {
  readonly epoch: string;
  /** Who goes on after this number gets all that came later, and nothing twice. */
  readonly end: number;
  readonly events: readonly StoredEvent[];
  /** `before` is of another store, whose numbers say nothing here. */
  readonly foreign: boolean;
}

/** The end is known before the logs are read: what is appended meanwhile is later, and left to whoever goes on. */
export async function lookBack(bus: Bus, { channels, last, limit, before }: Backward): Promise<History> {
  const { epoch, n } = await bus.position();
  const foreign = before !== undefined && before.epoch !== epoch;
  const end = foreign ? 0 : Math.max(0, Math.min(n, (before?.n ?? n + 1) - 1));
  if (last === 0 || end === 0) return { epoch, end, events: [], foreign };
  const latest = await bus.latest({ channels, count: last, upTo: end, limit });
  if (latest.epoch !== epoch) throw new BusError('away', 'The store has just become another one: ask again.');
  return { epoch, end, events: latest.events, foreign };
}
