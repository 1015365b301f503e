import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Requests } from '../requests.ts';
import { BareOutput } from './bareOutput.ts';
import { detach } from './detach.ts';
import { type Frame, LAST_CHUNK } from './frame.ts';

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

/** Who is told, once, that the reader is gone. */
export interface Reader {
  lost(): void;
}

const READER = Symbol('reader');

/** A socket, the request and the response let go of, and who has to know when it closes. */
type Detached = Socket & { [READER]?: Reader };

/**
 * Begins a stream's answer. Over HTTP/1.1 on a connection that is this response's own, frames go straight to the socket, in
 * the chunks that they stand in, and request, response and parser are let go of where this Node has a way. An HTTP/1.0 reader
 * knows no chunks, and a pipelined request has to wait for its turn: these go through the response, the ordinary way.
 */
export function openOutput(
  request: IncomingMessage,
  response: ServerResponse,
  requests: Pick<Requests, 'isAlone' | 'handOver'>,
  reader: Reader,
): Output {
  const { socket } = response;
  if (!response.headersSent) {
    response.writeHead(200, STREAM_HEADERS);
    response.flushHeaders();
  }
  const isOwn = socket !== null && response.chunkedEncoding && request.httpVersionMinor === 1;
  if (isOwn) {
    socket.setNoDelay(true);
    socket.setTimeout(0);
  }
  const detached = isOwn && requests.isAlone(request) ? detach(response) : undefined;
  if (detached) {
    requests.handOver(detached);
    (detached as Detached)[READER] = reader;
    detached.once('close', closed);
    return BareOutput.on(detached) ?? new SocketOutput(detached);
  }
  response.once('close', () => reader.lost());
  response.on('error', ignore);
  // What else the reader sends is dropped: a body that nobody reads would hide that he has left.
  request.resume();
  return isOwn ? new SharedSocketOutput(socket, response) : new ResponseOutput(response);
}

/** One function for all of them: a closure for each would be a part of what an idle stream takes. */
function closed(this: Detached): void {
  this[READER]?.lost();
}

class SocketOutput implements Output {
  protected readonly socket: Socket;

  constructor(socket: Socket) {
    this.socket = socket;
  }

  write(frame: Frame): void {
    this.socket.write(frame.chunk);
  }

  get unsent(): number {
    return this.socket.writableLength;
  }

  get sent(): number {
    return this.socket.bytesWritten - this.socket.writableLength;
  }

  drained(): Promise<void> {
    return drained(this.socket);
  }

  end(): void {
    this.socket.write(LAST_CHUNK);
    this.socket.destroySoon();
  }

  destroy(): void {
    this.socket.destroy();
  }
}

/** The response is still there, and says the end. */
class SharedSocketOutput extends SocketOutput {
  readonly #response: ServerResponse;

  constructor(socket: Socket, response: ServerResponse) {
    super(socket);
    this.#response = response;
  }

  override end(): void {
    this.#response.end();
    this.socket.end();
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
