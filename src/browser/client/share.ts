import type { Link, Place, Saying } from './messages.ts';
import { OwnLink } from './ownLink.ts';
import { TabsLink } from './tabsLink.ts';
import { WorkerLink } from './workerLink.ts';

/** Browsers open six connections to a host over HTTP/1.1, over all tabs (G9). */
const MOST_OWN = 5;
const NOTED_AS = 'pinstream.tabs';
const NOTE_LASTS = 86_400_000;

export interface Sharing {
  readonly share: boolean;
  /** The worker's script, unless that has failed. */
  readonly script: string | undefined;
}

/**
 * A way to the hub: in a SharedWorker; where there is none, in one of the tabs; where tabs cannot speak to one another, in this
 * page. `failed`: the worker's script is not to be had.
 */
export function linkTo(
  place: Place,
  { share, script }: Sharing,
  hear: (sayings: readonly Saying[]) => void,
  failed: () => void,
): Link {
  if (!share || typeof document === 'undefined') return new OwnLink(place, hear);
  try {
    // Another host's script may not run as a worker of this page's.
    if (script && new URL(script).origin === origin && typeof SharedWorker !== 'undefined')
      return new WorkerLink(script, place, hear, failed);
  } catch {
    // Forbidden by a policy, of the page or of the browser.
  }
  if (typeof BroadcastChannel !== 'undefined') return new TabsLink(place, hear);
  noteTab();
  return new OwnLink(place, hear);
}

/** Nobody sees why a sixth tab does not even load: this says it. */
function noteTab(): void {
  try {
    const now = Date.now();
    const noted = JSON.parse(localStorage.getItem(NOTED_AS) ?? '[]') as number[];
    const tabs = [...noted.filter((at) => now - at < NOTE_LASTS), now];
    localStorage.setItem(NOTED_AS, JSON.stringify(tabs));
    addEventListener('pagehide', () => {
      const left = JSON.parse(localStorage.getItem(NOTED_AS) ?? '[]') as number[];
      localStorage.setItem(NOTED_AS, JSON.stringify(left.filter((at) => at !== now)));
    });
    if (tabs.length > MOST_OWN)
      console.warn(
        `Pinstream: ${tabs.length} tabs have a stream each, and a browser opens six connections: close some.`,
      );
  } catch {
    // Nothing may be stored here: then nobody counts.
  }
}
