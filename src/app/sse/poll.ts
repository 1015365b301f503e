import type { Bus, Page } from '../../bus/bus.ts';
import type { Member } from './audience.ts';
import type { Hub } from './hub.ts';

export interface PollQuery {
  readonly channels: readonly string[];
  readonly after: number;
  readonly limit: number;
}

/**
 * A page of events after a number, waiting for the first one if there is none yet. It listens before it reads, so that
 * nothing falls in between. Ends early when `over` does.
 */
export async function poll(hub: Hub, bus: Bus, query: PollQuery, over: AbortSignal): Promise<Page> {
  let wake = () => {};
  const member: Member = { deliver: () => wake() };
  const { audience } = hub.join(member, query.channels, 'stream');
  const end = () => wake();
  over.addEventListener('abort', end);
  try {
    for (;;) {
      const woken = new Promise<void>((done) => {
        wake = done;
      });
      const page = await bus.since(query);
      if (page.events.length > 0 || page.gaps.length > 0 || over.aborted) return page;
      await woken;
    }
  } finally {
    over.removeEventListener('abort', end);
    hub.leave(member, audience);
  }
}
