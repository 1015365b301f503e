import { createHub } from './hub.ts';
import type { Hear, Link, Place } from './messages.ts';
import { linkToTabs } from './tabsLink.ts';
import { linkToWorker } from './workerLink.ts';

/** Browsers open six connections to a host over HTTP/1.1, over all tabs (G9). */
const MOST_OWN = 5;
const COUNTED_AS = 'pinstream.tabs';

/**
 * A way to a hub: in a SharedWorker with that script; where there is none, in one of the tabs; where tabs cannot speak to one
 * another, in this page. `failed`: the worker's script is not to be had.
 */
export function linkTo(place: Place, share: boolean, script: string, hear: Hear, failed: () => void): Link {
  let isCounted = false;
  if (share && typeof document !== 'undefined') {
    try {
      // Another host's script may not run as a worker of this page's.
      if (new URL(script).origin === origin) return linkToWorker(script, place, hear, failed);
    } catch {
      // None here, not to be had (''), or forbidden by a policy of the page or of the browser.
    }
    try {
      return linkToTabs(place, hear);
    } catch {
      count(1);
      isCounted = true;
    }
  }
  const hub = createHub(place, hear);
  return {
    ask: (asking) => hub.hear('page', asking),
    close() {
      hub.close();
      if (isCounted) count(-1);
    },
  };
}

/** Nobody sees why a seventh tab does not even load: this says it when there is a sixth. */
function count(one: number): void {
  try {
    const tabs = (localStorage[COUNTED_AS] | 0) + one;
    localStorage[COUNTED_AS] = tabs;
    if (tabs > MOST_OWN) console.warn('Pinstream: a stream for each tab, and browsers open six at most.');
  } catch {
    // Nothing may be stored here: then nobody counts.
  }
}
