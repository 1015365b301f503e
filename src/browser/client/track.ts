import type { WireEvent, WireGap } from '../wire.ts';
import { plain } from './cursor.ts';
import type { Hear, Saying } from './messages.ts';

/** How far a line has heard, on which channels, and what of it has still to be said. */
export interface Track {
  /** All up to here was heard. */
  readonly cursor: string;
  /** Every event on these is heard. */
  readonly heard: ReadonlySet<string>;
  hearEvent(event: WireEvent): void;
  hearGap(gap: WireGap): void;
  arrive(id: string): void;
  /** From here on these channels, and no others. */
  hear(names: readonly string[]): void;
  /** Others are not wanted any more: should they be again, it is from then on. */
  keep(names: readonly string[]): void;
  /** Nobody listens any more: who comes later begins anew. */
  beginAnew(): void;
  sayAll(): void;
}

export function createTrack(say: Hear): Track {
  let unsaid: Saying[] = [];
  let cursor = '';
  let heard = new Set<string>();
  return {
    get cursor() {
      return cursor;
    },
    get heard() {
      return heard;
    },
    hearEvent(event) {
      cursor = event.id;
      unsaid.push(event);
    },
    hearGap: (gap) => void unsaid.push(gap),
    arrive(id) {
      const here = plain(id);
      if (here === cursor) return;
      cursor = here;
      unsaid.push({ type: 'at', cursor });
    },
    hear(names) {
      const added = names.filter((name) => !heard.has(name));
      heard = new Set(names);
      if (added[0]) unsaid.push({ type: 'from', cursor, names: added });
    },
    keep(names) {
      heard = new Set(names.filter((name) => heard.has(name)));
    },
    beginAnew() {
      cursor = '';
    },
    sayAll() {
      if (unsaid[0]) say(unsaid);
      unsaid = [];
    },
  };
}
