/** What a page asked for, and how it is answered. */
export interface Asked {
  readonly url: URL;
  readonly method: string;
  readonly body: string;
  readonly signal: AbortSignal;
  /** Answers. A stream is written with `write` and ended with `end`. */
  answer(status: number, body?: string, headers?: Record<string, string>): void;
  stream(): void;
  write(text: string): void;
  tell(message: object, id?: string): void;
  end(): void;
  /** There is no answer. */
  fail(): void;
}

/** Takes the place of `fetch` and of what else a browser has: each request waits until the test answers it. */
export class FakeFetch {
  readonly all: Asked[] = [];
  readonly #timeout = AbortSignal.timeout;
  readonly #had = {
    fetch: globalThis.fetch,
    navigator: Object.getOwnPropertyDescriptor(globalThis, 'navigator'),
  };

  constructor() {
    globalThis.fetch = ((url: URL, init: RequestInit = {}) =>
      new Promise<Response>((done, failed) => this.all.push(asked(url, init, done, failed)))) as typeof fetch;
    // With the clock that the test holds, not with the real one.
    AbortSignal.timeout = (milliseconds) => {
      const late = new AbortController();
      setTimeout(() => late.abort(), milliseconds);
      return late.signal;
    };
    Object.defineProperty(globalThis, 'navigator', { value: { onLine: true }, configurable: true });
  }

  get last(): Asked {
    const last = this.all.at(-1);
    if (!last) throw new Error('Nothing was asked for.');
    return last;
  }

  restore(): void {
    globalThis.fetch = this.#had.fetch;
    AbortSignal.timeout = this.#timeout;
    if (this.#had.navigator) Object.defineProperty(globalThis, 'navigator', this.#had.navigator);
    else Reflect.deleteProperty(globalThis, 'navigator');
  }
}

function asked(
  url: URL,
  { method = 'GET', body, signal }: RequestInit,
  done: (response: Response) => void,
  failed: (error: Error) => void,
): Asked {
  let sink: ReadableStreamDefaultController<Uint8Array>;
  const abort = () => {
    failed(new Error('aborted'));
    try {
      sink?.error(new Error('aborted'));
    } catch {
      // It has ended.
    }
  };
  signal?.addEventListener('abort', abort);
  const write = (text: string) => sink.enqueue(new TextEncoder().encode(text));
  return {
    url,
    method,
    body: String(body ?? ''),
    signal: signal as AbortSignal,
    answer(status, text = '', headers = {}) {
      signal?.removeEventListener('abort', abort);
      done(new Response(status === 204 ? null : text, { status, headers }));
    },
    stream() {
      const source = new ReadableStream<Uint8Array>({
        start(controller) {
          sink = controller;
        },
      });
      done(new Response(source, { headers: { 'content-type': 'text/event-stream' } }));
    },
    write,
    tell: (message, id) =>
      write(`${id ? `id: ${id}\n` : ''}event: pinstream\ndata: ${JSON.stringify(message)}\n\n`),
    end: () => sink.close(),
    fail: () => failed(new Error('no answer')),
  };
}
