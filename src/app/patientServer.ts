import {
  createServer,
  type RequestListener,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import type { Metrics } from './metrics.ts';
import type { Requests } from './requests.ts';

/** How long somebody may take to send what is asked, and how often it is looked after. */
interface Patience {
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  readonly connectionsCheckingInterval: number;
}

const PATIENCE: Patience = {
  headersTimeout: 15_000,
  requestTimeout: 60_000,
  connectionsCheckingInterval: 5_000,
};
const LINGER_MS = 2_000;

const TOO_LATE = 'ERR_HTTP_REQUEST_TIMEOUT';

/** A socket, and the answer that is under way on it. */
type Answering = Socket & { _httpMessage?: ServerResponse };

/** What does not come as far as Koa: each is answered with a sentence too, where the connection still takes one. */
const ANSWERS: Readonly<Record<string, readonly [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'The address and the headers are too long: together they have at most 16 KiB.'],
  [TOO_LATE]: [408, 'The request did not come to its end in time: send it again.'],
};
const NO_HTTP = [400, 'This is not HTTP/1.1, or is cut short.'] as const;

/** An HTTP server that does not wait for ever for a request. */
export function createPatientServer(
  answer: RequestListener,
  requests: Requests,
  metrics: Metrics,
  patience = PATIENCE,
): Server {
  const server = createServer(patience, answer);
  requests.watch(server);
  server.on('clientError', async (error: NodeJS.ErrnoException, duplex) => {
    const socket = duplex as Answering;
    if (error.code === TOO_LATE) {
      // An app that was paused looks at its clock before it reads: the request may have been lying here all the time.
      const before = requests.progress(socket);
      await turn();
      if (requests.progress(socket) !== before) return;
      // Nobody has asked anything. A proxy that is told 408 would pass that on to somebody who has just begun.
      if (socket.bytesRead === 0) {
        socket.destroy();
        return;
      }
    }
    // Who is gone, or reads an answer already, would take this for a part of it.
    if (!socket.writable || socket._httpMessage?.headersSent) {
      socket.destroy();
      return;
    }
    const [status, sentence] = ANSWERS[error.code ?? ''] ?? NO_HTTP;
    metrics.refused.inc({ status });
    const body = JSON.stringify({ error: sentence });
    socket.end(
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json; charset=utf-8\r\n` +
        `Content-Length: ${Buffer.byteLength(body)}\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n${body}`,
    );
    setTimeout(() => socket.destroy(), LINGER_MS).unref();
  });
  return server;
}
