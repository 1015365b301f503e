import type { NewEvent, StoredEvent } from '../contract/event.ts';
import { entryBytes, PAGE_BYTES } from './bus.ts';

/** The log of one channel in memory. */
export interface MemoryLog {
  readonly events: StoredEvent[];
  bytes: number;
  last: number;
  /** The newest number that was dropped. */
  trimmed: number;
  /** When the newest entry came. */
  touched: number;
}

/** As Redis would hand it back: text that is not Unicode is replaced on its way into UTF-8. */
export function wellFormed(event: NewEvent): NewEvent {
  const { raw } = event;
  const whole = { ...event, data: event.data.toWellFormed(), name: event.name.toWellFormed() };
  return raw === undefined ? whole : { ...whole, raw: raw.toWellFormed() };
}

export function firstAfter(events: readonly StoredEvent[], n: number): number {
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((events[middle] as StoredEvent).n > n) high = middle;
    else low = middle + 1;
  }
  return low;
}

export function byNumber(a: StoredEvent, b: StoredEvent): number {
  return a.n - b.n;
}

/** As many as fit into a page, and at least one. */
export function cut(events: StoredEvent[], limit: number): StoredEvent[] {
  let bytes = 0;
  for (let i = 0; i < events.length; i++) {
    bytes += entryBytes(events[i] as StoredEvent);
    if (i === limit || (i > 0 && bytes > PAGE_BYTES)) return events.slice(0, i);
  }
  return events;
}

/** The newest so many of those after a number and up to another. */
export function tail(
  events: readonly StoredEvent[],
  after: number,
  upTo: number,
  count: number,
): StoredEvent[] {
  const end = firstAfter(events, upTo);
  return events.slice(Math.max(end - count, firstAfter(events, after), 0), end);
}
