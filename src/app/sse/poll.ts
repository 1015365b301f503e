import type { Bus, Page } from '../../bus/bus.ts';
import type { Cursor } from '../../contract/cursor.ts';
import type { Member } from './audience.ts';
import type { Hub } from './hub.ts';

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

/**
 * The same, waiting for the first event if there is none yet. It listens before it looks, so that nothing falls in between.
 * Ends early when `over` does.
 */
export async function poll(hub: Hub, bus: Bus, question: Question, over: AbortSignal): Promise<Found> {
  let wake = () => {};
  const member: Member = { deliver: () => wake() };
  const { audience } = hub.join(member, question.channels, 'stream');
  const end = () => wake();
  over.addEventListener('abort', end);
  try {
    for (;;) {
      const woken = new Promise<void>((done) => {
        wake = done;
      });
      const found = await look(bus, question);
      const { events, gaps } = found.page;
      if (events.length > 0 || gaps.length > 0 || found.foreign || over.aborted) return found;
      await woken;
    }
  } finally {
    over.removeEventListener('abort', end);
    hub.leave(member, audience);
  }
}
