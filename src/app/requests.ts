import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Longer than an answer takes whose reader reads. */
const PATIENCE_MS = 5_000;

/**
 * The requests under way, so that the end waits for these, and not for connections that somebody only holds open. A stream
 * that was let go of by the HTTP server is one too, though only its socket is left.
 */
export class Requests {
  readonly #underWay = new Set<ServerResponse | Socket>();
  /** Those that were sent before the one before them was answered. */
  readonly #inLine = new Set<ServerResponse>();
  /** The newest one of each connection. */
  readonly #newest = new WeakMap<Socket, IncomingMessage>();
  #server: Server | undefined;
  /** One function for all sockets: a closure for each would be a part of what an idle stream takes. */
  readonly #left: (this: Socket) => void;
  #none: (() => void) | undefined;
  #ending = false;

  constructor() {
    const done = (socket: Socket) => this.#done(socket);
    this.#left = function (this: Socket) {
      done(this);
    };
  }

  /** From here on it knows of all that this server is asked. */
  watch(server: Server): void {
    this.#server = server;
    server.prependListener('request', (request, response) => {
      this.#underWay.add(response);
      this.#newest.set(request.socket, request);
      if (this.#ending) lastOnItsConnection(response);
      if (response.socket === null) this.#inLine.add(response);
      response.once('close', () => this.#done(response));
    });
    server.on('connection', (socket) => socket.once('close', () => this.#lost(socket)));
  }

  /** What was asked last on a connection, unless it was handed over. */
  newest(socket: Socket): IncomingMessage | undefined {
    return this.#newest.get(socket);
  }

  /** Whether nothing else was asked on its connection after it. */
  isAlone(request: IncomingMessage): boolean {
    return this.#newest.get(request.socket) === request;
  }

  /** The response is let go of, and lives on as its bare socket. */
  handOver(response: ServerResponse, socket: Socket): void {
    this.#underWay.delete(response);
    this.#underWay.add(socket);
    this.#newest.delete(socket);
    socket.once('close', this.#left);
  }

  get count(): number {
    return this.#underWay.size;
  }

  /** Takes no more, waits for those under way, and closes all connections. */
  async end(): Promise<void> {
    const server = this.#server;
    if (!server?.listening) return;
    this.#ending = true;
    for (const one of this.#underWay) if (isResponse(one)) lastOnItsConnection(one);
    const closed = new Promise((done) => server.close(done));
    if (this.#underWay.size > 0) await this.#last();
    server.closeAllConnections();
    // The server does not know these any more.
    for (const one of this.#underWay) one.destroy();
    await closed;
  }

  /** A pipelined request that never had its turn: Node does not say that its answer is closed, and it would wait for ever. */
  #lost(socket: Socket): void {
    for (const response of this.#inLine) {
      if (response.req.socket === socket && response.socket === null) response.emit('close');
    }
  }

  #done(one: ServerResponse | Socket): void {
    this.#underWay.delete(one);
    if (isResponse(one)) this.#inLine.delete(one);
    if (this.#underWay.size === 0) this.#none?.();
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

function isResponse(one: ServerResponse | Socket): one is ServerResponse {
  return 'headersSent' in one;
}

/** Whoever keeps the connection for a next request would send that into the end. */
function lastOnItsConnection(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close');
}
