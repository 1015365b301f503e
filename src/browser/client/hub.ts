import { createLine } from './line.ts';
import type { Asking, Place, Saying } from './messages.ts';

/** A tab that was not heard of for so long is gone: hidden ones speak once a minute at least. */
const GONE = 180_000;

interface Tab {
  names: readonly string[];
  heardAt: number;
}

/** One line for many tabs. Each says which channels it wants; what is heard is said to all, and each takes its own. */
export interface Hub {
  hear(id: string, asking: Asking): void;
  has(id: string): boolean;
  close(): void;
}

/** `post`: to one tab, or to all. */
export function createHub(place: Place, post: (sayings: readonly Saying[], to?: string) => void): Hub {
  const tabs = new Map<string, Tab>();
  let status: readonly Saying[] = [];
  const looking = setInterval(() => {
    for (const [id, tab] of tabs) if (Date.now() - tab.heardAt > GONE && tabs.delete(id)) want();
  }, GONE / 3);
  const line = createLine(
    place,
    (sayings) => {
      if (sayings[0]?.type === 'status') status = sayings;
      post(sayings);
    },
    ({ message: reason }) => {
      // Of those that were not granted yet nobody knows whose fault it is: each comes back by itself, one after the other.
      for (const [id, { names }] of tabs)
        if (!names.every((name) => line.track.heard.has(name)) && tabs.delete(id))
          post([{ type: 'refused', reason }], id);
      want();
    },
  );

  function want(): void {
    line.want([...new Set([...tabs.values()].flatMap(({ names }) => names))].sort());
  }

  return {
    hear(id, asking) {
      const tab = tabs.get(id);
      if (tab) tab.heardAt = Date.now();
      if (asking.type === 'want') {
        tabs.set(id, { names: asking.names, heardAt: Date.now() });
        want();
        // A tab with the hub in it asks out of a handler: what was said before is told first.
        queueMicrotask(() => {
          const { cursor, heard } = line.track;
          const names = asking.names.filter((name) => heard.has(name));
          post([...status, { type: 'from', cursor, names, answer: asking.count }], id);
        });
      } else if (asking.type === 'bye') {
        if (tabs.delete(id)) want();
      } else if (!tab) {
        post([{ type: 'unknown' }], id);
      } else if (asking.type === 'wake') {
        line.wake(asking.always);
      } else {
        post([{ type: 'here' }], id);
      }
    },
    has: (id) => tabs.has(id),
    close() {
      clearInterval(looking);
      tabs.clear();
      want();
    },
  };
}
