import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Frame } from './frame.ts';

export const STREAM_HEADERS = {
  'Content-Type': 'text/event-stream; charset=utf-8',
  'Cache-Control': 'no-cache, no-transform',
  'X-Accel-Buffering': 'no',
} as const;

/** Where a stream is written to. */
export interface Output {
  write(frame: Frame): void;
  /** Bytes that wait for the reader. */
  readonly unsent: number;
  /** Bytes that have left this process. */
  readonly sent: number;
  /** Resolves when more may be written, or the reader is gone. */
  drained(): Promise<void>;
  end(): void;
  destroy(): void;
}

/**
 * Begins a stream's answer. Over HTTP/1.1 on a connection that is this response's own, frames go straight to the socket, in
 * the chunks that they stand in. An HTTP/1.0 reader knows no chunks, and a pipelined request has to wait for its turn: these
 * go through the response, the ordinary way.
 *
 * Letting go of the request, the response and the parser once the headers are out belongs here too.
 */
export function openOutput(request: IncomingMessage, response: ServerResponse, closed: () => void): Output {
  const { socket } = response;
  response.once('close', closed);
  response.on('error', ignore);
  if (!response.headersSent) {
    response.writeHead(200, STREAM_HEADERS);
    response.flushHeaders();
  }
  if (socket !== null && response.chunkedEncoding && request.httpVersionMinor === 1) {
    socket.setNoDelay(true);
    socket.setTimeout(0);
    return new SocketOutput(socket, response);
  }
  return new ResponseOutput(response);
}

class SocketOutput implements Output {
  readonly #socket: Socket;
  readonly #response: ServerResponse;

  constructor(socket: Socket, response: ServerResponse) {
    this.#socket = socket;
    this.#response = response;
  }

  write(frame: Frame): void {
    this.#socket.write(frame.chunk);
  }

  get unsent(): number {
    return this.#socket.writableLength;
  }

  get sent(): number {
    return this.#socket.bytesWritten - this.#socket.writableLength;
  }

  drained(): Promise<void> {
    return drained(this.#socket);
  }

  end(): void {
    this.#response.end();
    this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}

class ResponseOutput implements Output {
  readonly #response: ServerResponse;
  #written = 0;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  write(frame: Frame): void {
    this.#response.write(frame.plain);
    this.#written += frame.plain.length;
  }

  get unsent(): number {
    return this.#response.writableLength;
  }

  get sent(): number {
    return this.#written - this.#response.writableLength;
  }

  drained(): Promise<void> {
    return drained(this.#response);
  }

  end(): void {
    this.#response.end();
  }

  destroy(): void {
    const { socket } = this.#response;
    this.#response.destroy();
    // A pipelined request whose turn has not come: destroying its answer alone would wait for a turn that may never come.
    if (socket === null) this.#response.req.socket.destroy();
  }
}

function drained(stream: Socket | ServerResponse): Promise<void> {
  if (!stream.writableNeedDrain || stream.destroyed) return Promise.resolve();
  return new Promise((done) => {
    const settle = () => {
      stream.off('drain', settle);
      stream.off('close', settle);
      done();
    };
    stream.on('drain', settle);
    stream.on('close', settle);
  });
}

function ignore(): void {}
