import { createHub } from './hub.ts';
import type { Asking, Hear, Link, Place } from './messages.ts';

/** Of the words between tabs and worker. The worker's script is the server's, a page's may be an older copy. */
const NAME = 'pinstream 1 ';
/** A worker that has said nothing by then speaks another language, or did not start. */
const START = 5_000;

/** The hub that all tabs of this browser share, in a worker that lives as long as one of them. Throws or calls `failed` where there is none. */
export function linkToWorker(script: string, place: Place, hear: Hear, failed: () => void): Link {
  const worker = new SharedWorker(script, NAME + JSON.stringify(place));
  const { port } = worker;
  const start = setTimeout(failed, START);
  worker.onerror = failed;
  port.onmessage = ({ data }) => {
    clearTimeout(start);
    hear(data);
  };
  const ask = (asking: Asking) => port.postMessage(asking);
  return {
    ask,
    close() {
      clearTimeout(start);
      ask({ type: 'bye' });
      port.close();
    },
  };
}

/** Runs in the worker. */
export function serveTabs(scope: { readonly name: string; onconnect: unknown }): void {
  if (!scope.name.startsWith(NAME)) return;
  const ports = new Map<string, MessagePort>();
  const hub = createHub(JSON.parse(scope.name.slice(NAME.length)), (sayings, to) => {
    for (const [id, port] of ports) if (to ? to === id : hub.has(id)) port.postMessage(sayings);
  });
  let count = 0;
  // It lives as long as the pages that opened it, also when they have long gone on to another token.
  setInterval(() => ports.size || close(), 60_000);
  scope.onconnect = ({ ports: [port] }: { readonly ports: readonly [MessagePort] }) => {
    const id = String(++count);
    ports.set(id, port);
    // WebKit starts the worker anew when the tab that hosted it goes: the others are not known then, and have to hear of it.
    port.postMessage([{ type: 'unknown' }]);
    port.onmessage = ({ data }: MessageEvent<Asking>) => {
      hub.hear(id, data);
      if (data.type === 'bye') ports.delete(id);
    };
  };
}
