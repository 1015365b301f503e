import { Hub } from './hub.ts';
import type { Asking, Link, Place, Saying } from './messages.ts';

/** Of the words between tabs and worker. The worker's script is the server's, a page's may be an older copy. */
const NAME = 'pinstream 1 ';
/** A worker that has said nothing by then speaks another language, or did not start. */
const START = 5_000;

/** The hub that all tabs of this browser share, in a worker that lives as long as one of them. */
export class WorkerLink implements Link {
  readonly #port: MessagePort;
  readonly #start: ReturnType<typeof setTimeout>;

  /** Throws, or calls `failed`, where there is no such worker. */
  constructor(script: string, place: Place, hear: (sayings: readonly Saying[]) => void, failed: () => void) {
    const worker = new SharedWorker(script, NAME + JSON.stringify(place));
    worker.onerror = failed;
    this.#start = setTimeout(failed, START);
    this.#port = worker.port;
    this.#port.onmessage = ({ data }) => {
      clearTimeout(this.#start);
      hear(data);
    };
  }

  ask(asking: Asking): void {
    this.#port.postMessage(asking);
  }

  close(): void {
    clearTimeout(this.#start);
    this.ask({ type: 'bye' });
    this.#port.onmessage = null;
    this.#port.close();
  }
}

/** Runs in the worker. */
export function serveTabs(scope: { readonly name: string; onconnect: unknown }): void {
  if (!scope.name.startsWith(NAME)) return;
  const ports = new Map<string, MessagePort>();
  const hub = new Hub(JSON.parse(scope.name.slice(NAME.length)), (to, sayings) => {
    for (const [id, port] of ports) if (to === undefined ? hub.has(id) : to === id) port.postMessage(sayings);
  });
  let count = 0;
  scope.onconnect = ({ ports: [port] }: MessageEvent) => {
    if (!port) return;
    const id = String(++count);
    ports.set(id, port);
    port.onmessage = ({ data }: MessageEvent<Asking>) => {
      hub.hear(id, data);
      if (data.type === 'bye') ports.delete(id);
    };
  };
}
