import type { End, Transport } from './line.ts';
import type { Place } from './messages.ts';
import { pageOf } from './page.ts';
import type { Track } from './track.ts';

/** Less than proxies wait for an answer. */
const WAIT_SECONDS = 20;

/** One long poll after the other, where a stream does not get through, until it is time to try one again. */
export function createPoll(place: Place, track: Track, until: number, live: () => void): Transport {
  const abort = new AbortController();
  const { signal } = abort;
  const cut = () => abort.abort();

  async function run(names: readonly string[]): Promise<End> {
    // The first one is answered at once: it says from where on, and whether this gets through at all.
    for (let wait = 0; Date.now() < until && !signal.aborted; wait = WAIT_SECONDS) {
      try {
        const { cursor, events, gap } = await pageOf(place, names, { since: track.cursor, wait }, signal);
        if (!track.cursor) track.arrive(cursor);
        track.hear(names);
        for (const one of gap ?? []) track.hearGap({ type: 'gap', ...one });
        for (const event of events) track.hearEvent({ type: 'event', ...event });
        track.arrive(cursor);
        track.sayAll();
        live();
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
    return { why: 'cut' };
  }

  return {
    run,
    cut,
    // A poll knows its channels only when it begins.
    want: cut,
    // It is answered or given up before that.
    isDoubtful: () => false,
  };
}
