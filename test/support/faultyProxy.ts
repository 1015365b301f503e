import { once } from 'node:events';
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type OutgoingHttpHeaders,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a proxy does wrong. Without any of these it passes all on as it is, and says of itself what the bundle's nginx says. */
export interface Faults {
  /** Changes a request on its way to the app. */
  readonly ask?: (request: { url: string; readonly headers: OutgoingHttpHeaders }) => void;
  /** Changes the head of an answer on its way back. */
  readonly head?: (answer: Head, request: IncomingMessage) => void;
  /** Passes a piece of a stream on, by calling `send`. */
  readonly piece?: (piece: Buffer, send: (piece: Buffer) => void) => void;
  /** Milliseconds for which the answer is held back. */
  readonly hold?: (request: IncomingMessage) => number;
  /** Answers itself; false: it does not want to. */
  readonly answer?: (request: IncomingMessage, response: ServerResponse) => boolean;
  /** Ends each stream after so many milliseconds. */
  readonly cutAfter?: number;
  /** What is said in the place of an app that is away. */
  readonly away?: (response: ServerResponse, stream: boolean) => void;
}

export interface Head {
  status: number;
  readonly headers: Record<string, string | string[] | undefined>;
}

export interface FaultyProxy {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** A proxy in front of an app, written by hand: what it does wrong is in the hands of the test. */
export async function startFaultyProxy(
  app: number,
  origin: string,
  faults: Faults = {},
): Promise<FaultyProxy> {
  const server = createServer((request, response) => {
    response.on('error', () => undefined);
    if (faults.answer?.(request, response)) return;
    const away = request.url?.startsWith('/doctor/away');
    forward(request, response, away ? 1 : app, origin, faults);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function forward(
  request: IncomingMessage,
  response: ServerResponse,
  port: number,
  origin: string,
  faults: Faults,
): void {
  const asked = { url: request.url ?? '', headers: { ...request.headers } };
  faults.ask?.(asked);
  const { method } = request;
  const passed = httpRequest({ port, method, path: asked.url, headers: asked.headers, agent: false });
  passed.on('error', () => {
    if (response.headersSent) response.destroy();
    else sayAway(request, response, origin, faults);
  });
  const pass = (answer: IncomingMessage) => {
    const isStream = answer.headers['content-type']?.startsWith('text/event-stream') ?? false;
    const own = { server: 'faulty', ...(isStream && { 'x-pinstream-read-timeout': '86400' }) };
    const head: Head = { status: answer.statusCode ?? 0, headers: { ...answer.headers, ...own } };
    faults.head?.(head, request);
    response.writeHead(head.status, head.headers);
    response.flushHeaders();
    if (isStream && faults.cutAfter !== undefined) setTimeout(() => response.destroy(), faults.cutAfter);
    const send = (piece: Buffer) => void response.write(piece);
    answer.on('data', (piece: Buffer) =>
      isStream && faults.piece ? faults.piece(piece, send) : send(piece),
    );
    answer.on('end', () => response.end()).on('error', () => response.destroy());
  };
  const held = faults.hold?.(request) ?? 0;
  passed.on('response', (answer) => (held > 0 ? void setTimeout(() => pass(answer), held) : pass(answer)));
  response.on('close', () => passed.destroy());
  request.pipe(passed);
}

function sayAway(request: IncomingMessage, response: ServerResponse, origin: string, faults: Faults): void {
  const stream = /^(\/doctor\/away)?\/(stream|sse)\b/.test(request.url ?? '');
  response.setHeader('Server', 'faulty');
  response.setHeader('Vary', 'Origin');
  if (request.headers.origin === origin) {
    response.setHeader('Access-Control-Allow-Origin', origin);
    response.setHeader('Access-Control-Allow-Credentials', 'true');
  }
  if (faults.away) {
    faults.away(response, stream);
    return;
  }
  response.setHeader('Content-Type', stream ? 'text/event-stream' : 'application/json');
  if (stream) response.writeHead(200).end('retry: 2500\n\n');
  else response.writeHead(502).end('{"error":"The app is away."}');
}
