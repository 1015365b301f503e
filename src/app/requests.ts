import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Longer than an answer takes whose reader reads. */
const PATIENCE_MS = 5_000;

/** The requests under way, so that the end waits for these, and not for connections that somebody only holds open. */
export class Requests {
  readonly #server: Server;
  readonly #underWay = new Set<ServerResponse>();
  /** Those that were sent before the one before them was answered. */
  readonly #inLine = new Set<ServerResponse>();
  #none: (() => void) | undefined;
  #ending = false;

  constructor(server: Server) {
    this.#server = server;
    server.prependListener('request', (_request, response) => {
      this.#underWay.add(response);
      if (this.#ending) lastOnItsConnection(response);
      if (response.socket === null) this.#inLine.add(response);
      response.once('close', () => this.#done(response));
    });
    server.on('connection', (socket) => socket.once('close', () => this.#lost(socket)));
  }

  get count(): number {
    return this.#underWay.size;
  }

  /** Takes no more, waits for those under way, and closes all connections. */
  async end(): Promise<void> {
    if (!this.#server.listening) return;
    this.#ending = true;
    for (const response of this.#underWay) lastOnItsConnection(response);
    const closed = new Promise((done) => this.#server.close(done));
    if (this.#underWay.size > 0) await this.#last();
    this.#server.closeAllConnections();
    await closed;
  }

  /** A pipelined request that never had its turn: Node does not say that its answer is closed, and it would wait for ever. */
  #lost(socket: Socket): void {
    for (const response of this.#inLine) {
      if (response.req.socket === socket && response.socket === null) response.emit('close');
    }
  }

  #done(response: ServerResponse): void {
    this.#underWay.delete(response);
    this.#inLine.delete(response);
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

/** Whoever keeps the connection for a next request would send that into the end. */
function lastOnItsConnection(response: ServerResponse): void {
  if (!response.headersSent) response.setHeader('Connection', 'close');
}
