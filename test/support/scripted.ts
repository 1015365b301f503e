import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const CLIENT = new URL('../../dist/browser/pinstream.js', import.meta.url);

const DEADLINE = 20_000;

/** What is answered in the place of a stream. */
export interface Scene {
  readonly status: number;
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

/** A server whose every stream is written by the test. */
export class Scripted {
  url = '';
  /** How often a stream was asked for. */
  requests = 0;
  /** The answer to a change of channels, and to `GET /events`; undefined: there is none. */
  change: (channels: readonly string[]) => Scene | undefined = () => ({ status: 200, body: '{}' });
  events: (query: URLSearchParams) => Scene | undefined = () => ({ status: 503 });
  readonly #server = createServer((request, response) => void this.#answer(request, response));
  readonly #streams: ScriptedStream[] = [];
  #refusal: Scene | undefined;
  #arrived = () => {};

  static async start(closing: (() => Promise<unknown>)[]): Promise<Scripted> {
    const scripted = new Scripted();
    await scripted.back();
    closing.push(() => scripted.away());
    return scripted;
  }

  /** The next stream that is opened. */
  async stream(): Promise<ScriptedStream> {
    await this.#until('No stream was opened.', () => this.#streams.length > 0);
    return this.#streams.shift() as ScriptedStream;
  }

  /** Waits until so many streams were asked for, granted or not. */
  asked(count: number): Promise<void> {
    return this.#until(`No ${count} streams were asked for.`, () => this.requests >= count);
  }

  refuse(status: number, body = '', headers: Record<string, string> = {}): void {
    this.#refusal = { status, body, headers };
  }

  accept(): void {
    this.#refusal = undefined;
  }

  /** From now on nobody listens on its port. */
  async away(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  /** Listens, on the same port as before. */
  async back(): Promise<void> {
    this.#server.listen(Number(new URL(this.url || 'http://a:0').port), '127.0.0.1');
    await once(this.#server, 'listening');
    this.url = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async #until(problem: string, met: () => boolean): Promise<void> {
    let late: NodeJS.Timeout | undefined;
    while (!met()) {
      await new Promise<void>((arrived, failed) => {
        late ??= setTimeout(() => failed(new Error(problem)), DEADLINE);
        this.#arrived = arrived;
      });
    }
    clearTimeout(late);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    const isStream = url.pathname === '/stream';
    if (isStream) this.requests++;
    if (url.pathname === '/pinstream.js') {
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(await readFile(CLIENT));
    } else if (request.method === 'PUT') {
      const { channels } = JSON.parse(await textOf(request)) as { channels: string[] };
      play(this.change(channels), response);
    } else if (url.pathname === '/events') {
      play(this.events(url.searchParams), response);
    } else if (!isStream) {
      response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>Scripted</title>');
    } else if (this.#refusal) {
      play(this.#refusal, response);
    } else {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      this.#streams.push(new ScriptedStream(url.searchParams, response));
    }
    this.#arrived();
  }
}

export class ScriptedStream {
  readonly query: URLSearchParams;
  readonly closed: Promise<unknown>;
  readonly #response: ServerResponse;

  constructor(query: URLSearchParams, response: ServerResponse) {
    this.query = query;
    this.#response = response;
    this.closed = once(response, 'close');
  }

  write(text: string): void {
    this.#response.write(text);
  }

  tell(message: { cursor?: string; [name: string]: unknown }, id = message.cursor): void {
    this.write(`${id ? `id: ${id}\n` : ''}event: pinstream\ndata: ${JSON.stringify(message)}\n\n`);
  }

  open(n: number, heartbeat = 15_000): void {
    this.tell({ type: 'open', cursor: `e-${n}`, channels: this.query.getAll('channel'), heartbeat });
  }

  event(n: number, channel: string, data: string): void {
    this.tell({ type: 'event', channel, event: 'message', data, at: Date.now(), id: `e-${n}` }, `e-${n}`);
  }

  end(): void {
    this.#response.end();
  }
}

function play(scene: Scene | undefined, response: ServerResponse): void {
  if (scene) response.writeHead(scene.status, scene.headers).end(scene.body);
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const part of request.setEncoding('utf8')) text += part;
  return text;
}
