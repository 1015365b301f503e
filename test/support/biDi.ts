import type { EventEmitter } from 'node:events';
import { once } from 'node:events';
import { createRequire } from 'node:module';

interface WebSocket extends EventEmitter {
  send(text: string): void;
  terminate(): void;
}

// Node 20 has no WebSocket without a warning. The one that playwright-core carries (ws) saves a dependency of our own.
const { ws: WebSocket } = createRequire(import.meta.url)('playwright-core/lib/utilsBundle') as {
  ws: new (url: string) => WebSocket;
};

interface Answer {
  readonly id?: number;
  readonly type: 'success' | 'error' | 'event';
  readonly result?: unknown;
  readonly error?: string;
  readonly message?: string;
}

interface Asked {
  readonly method: string;
  readonly done: (result: unknown) => void;
  readonly failed: (error: Error) => void;
}

/** A connection to a browser that is driven by WebDriver BiDi: https://w3c.github.io/webdriver-bidi */
export class BiDi {
  readonly #socket: WebSocket;
  readonly #asked = new Map<number, Asked>();
  #count = 0;
  #over = false;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (text) => this.#hear(JSON.parse(String(text)) as Answer));
    socket.on('error', () => {}); // it closes, too
    socket.on('close', () => this.#end());
  }

  static async open(url: string): Promise<BiDi> {
    const socket = new WebSocket(url);
    await once(socket, 'open');
    return new BiDi(socket);
  }

  /** Commands do not wait for each other: one may last until something happens in a page. */
  command<T = unknown>(method: string, params: object): Promise<T> {
    if (this.#over) return Promise.reject(gone(method));
    return new Promise<T>((done, failed) => {
      const id = ++this.#count;
      this.#asked.set(id, { method, done: done as (result: unknown) => void, failed });
      this.#socket.send(JSON.stringify({ id, method, params }));
    });
  }

  close(): void {
    this.#socket.terminate();
  }

  #hear({ id, type, result, error, message }: Answer): void {
    const asked = this.#asked.get(id ?? 0);
    if (id === undefined || !asked) return;
    this.#asked.delete(id);
    if (type === 'success') asked.done(result);
    else asked.failed(new Error(`${asked.method}: ${error}: ${message}`));
  }

  #end(): void {
    this.#over = true;
    for (const { method, failed } of this.#asked.values()) failed(gone(method));
    this.#asked.clear();
  }
}

function gone(method: string): Error {
  return new Error(`${method}: the browser is gone.`);
}
