import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Longer than an answer takes whose reader reads. */
const PATIENCE_MS = 5_000;

const NEWEST = Symbol('newest request');
const COUNT = Symbol('requests so far');

/** A connection, what was asked on it last, until that is answered, and how often something was asked. */
type Asked = Socket & { [NEWEST]?: IncomingMessage | undefined; [COUNT]?: number };

/**
 * The requests under way, so that the end waits for these, and not for connections that somebody only holds open. A stream
 * that was let go of by the HTTP server is one too, though only its socket is left.
 *
 * Responses are only counted: a set of them would keep those that are answered in memory, for long enough to double what a
 * publish costs the garbage collector.
 */
export class Requests {
  #answering = 0;
  readonly #handedOver = new Set<Socket>();
  /** Those that were sent before the one before them was answered. */
  readonly #inLine = new Set<ServerResponse>();
  #server: Server | undefined;
  /** One function for all sockets: a closure for each would be a part of what an idle stream takes. */
  readonly #left: (this: Socket) => void;
  #none: (() => void) | undefined;
  #ending = false;

  constructor() {
    const left = (socket: Socket) => {
      this.#handedOver.delete(socket);
      this.#look();
    };
    this.#left = function (this: Socket) {
      left(this);
    };
  }

  /** From here on it knows of all that this server is asked. */
  watch(server: Server): void {
    this.#server = server;
    server.prependListener('request', (request, response) => {
      this.#answering++;
      const socket: Asked = request.socket;
      socket[NEWEST] = request;
      socket[COUNT] = (socket[COUNT] ?? 0) + 1;
      if (response.socket === null) this.#inLine.add(response);
      response.once('close', () => this.#answered(request, response));
    });
    server.on('connection', (socket) => socket.once('close', () => this.#lost(socket)));
  }

  /** How far a connection has come: another number after each request, and after the end of its body. */
  progress(socket: Socket): number {
    const { [COUNT]: count = 0, [NEWEST]: newest } = socket as Asked;
    return 2 * count - (newest?.complete === false ? 1 : 0);
  }

  /** Whether nothing else was asked on its connection after it. */
  isAlone(request: IncomingMessage): boolean {
    return (request.socket as Asked)[NEWEST] === request;
  }

  /** The response is let go of, and lives on as its bare socket. */
  handOver(socket: Socket): void {
    this.#answering--;
    this.#handedOver.add(socket);
    (socket as Asked)[NEWEST] = undefined;
    socket.once('close', this.#left);
  }

  get count(): number {
    return this.#answering + this.#handedOver.size;
  }

  /** Before an answer is sent: whoever keeps the connection for a next request would send that into the end. */
  atTheEnd(response: ServerResponse): void {
    if (this.#ending && !response.headersSent) response.setHeader('Connection', 'close');
  }

  /** Takes no more, waits for those under way, and closes all connections. */
  async end(): Promise<void> {
    const server = this.#server;
    if (!server?.listening) return;
    this.#ending = true;
    const closed = new Promise((done) => server.close(done));
    if (this.count > 0) await this.#last();
    server.closeAllConnections();
    // The server does not know these any more.
    for (const socket of this.#handedOver) socket.destroy();
    await closed;
  }

  /** A pipelined request that never had its turn: Node does not say that its answer is closed, and it would wait for ever. */
  #lost(socket: Socket): void {
    for (const response of this.#inLine) {
      if (response.req.socket === socket && response.socket === null) response.emit('close');
    }
  }

  #answered(request: IncomingMessage, response: ServerResponse): void {
    this.#answering--;
    this.#inLine.delete(response);
    if (this.isAlone(request)) (request.socket as Asked)[NEWEST] = undefined;
    this.#look();
  }

  #look(): void {
    if (this.count === 0) this.#none?.();
  }

  #last(): Promise<void> {
    return new Promise((done) => {
      const timer = setTimeout(done, PATIENCE_MS);
      this.#none = () => {
        clearTimeout(timer);
        done();
      };
    });
  }
}
