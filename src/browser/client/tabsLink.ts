import { createHub, type Hub } from './hub.ts';
import type { Asking, Hear, Link, Place, Saying } from './messages.ts';
import { unique } from './unique.ts';

/** A leader that lives has answered by then, also on a slow machine that opens many tabs at once. */
const SEEK = 500;

/** What tabs say to one another. */
type Said =
  /** Who leads? */
  | { readonly type: 'seek' }
  | { readonly type: 'lead' }
  /** The leader goes: the tab of that name shall lead. */
  | { readonly type: 'leave'; readonly heir: string | undefined }
  | { readonly type: 'ask'; readonly asking: Asking }
  | { readonly type: 'say'; readonly sayings: readonly Saying[] };
type Word = Said & { readonly from: string; readonly to?: string };

/**
 * Where there is no SharedWorker: one of the tabs has the hub, and the others hear it through a BroadcastChannel. Without
 * locks, which a page on plain http has not (G9): who leads says so, of two that do the one with the smaller name goes on, and a
 * leader that leaves names its heir.
 */
export function linkToTabs(place: Place, hear: Hear): Link {
  const self = unique();
  const channel = new BroadcastChannel(`pinstream 1 ${JSON.stringify(place)}`);
  let leader = '';
  let heir: string | undefined;
  let hub: Hub | undefined;
  let isClosed = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function post(said: Said, to?: string): void {
    if (!isClosed) channel.postMessage({ ...said, to, from: self });
  }

  function follow(other: string): void {
    clearTimeout(timer);
    if (leader === other) return;
    leader = other;
    // There it is not known yet which channels this tab wants.
    hear([{ type: 'unknown' }]);
  }

  function lead(): void {
    hub ??= createHub(place, (sayings, to) => {
      if (!to || to === self) hear(sayings);
      if (to !== self) post({ type: 'say', sayings }, to);
    });
    post({ type: 'lead' });
    follow(self);
  }

  /** Leads if nobody else does by then, nor begins to. */
  function wait(): void {
    clearTimeout(timer);
    timer = setTimeout(lead, SEEK * (1 + Math.random()));
  }

  channel.onmessage = ({ data: word }: MessageEvent<Word>) => {
    const { from, to = self } = word;
    if (to !== self) return;
    if (word.type === 'lead') {
      if (hub && self < from) {
        lead();
      } else {
        hub?.close();
        hub = undefined;
        follow(from);
      }
    } else if (word.type === 'leave') {
      if (from !== leader) return;
      if (word.heir === self) lead();
      else wait();
    } else if (word.type === 'say') {
      if (from === leader) hear(word.sayings);
    } else if (hub) {
      if (word.type === 'seek') {
        lead();
      } else {
        heir = word.asking.type === 'bye' ? undefined : from;
        hub.hear(from, word.asking);
      }
    }
  };
  post({ type: 'seek' });
  wait();

  function ask(asking: Asking): void {
    if (hub) hub.hear(self, asking);
    // Without a leader nobody hears it: as soon as there is one, it is asked again.
    else if (leader) post({ type: 'ask', asking }, leader);
  }

  return {
    ask,
    close() {
      clearTimeout(timer);
      // Before the heir hears of it: of two streams at a time the browser may not have the room.
      hub?.close();
      if (hub) post({ type: 'leave', heir });
      else ask({ type: 'bye' });
      isClosed = true;
      channel.close();
    },
  };
}
