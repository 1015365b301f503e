import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

interface Place {
  readonly host: string;
  readonly port: number;
}

/** The wire between two parts: a TCP proxy that can be cut, and that can hold what goes through it, as a bad network does. */
export class Link {
  readonly name: string;
  readonly at: Place;
  readonly #to: Place;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #held = false;

  private constructor(name: string, at: Place, to: Place, server: Server) {
    this.name = name;
    this.at = at;
    this.#to = to;
    this.#server = server;
  }

  static async open(name: string, at: Place, to: Place): Promise<Link> {
    const server = createServer({ pauseOnConnect: true });
    const link = new Link(name, at, to, server);
    server.on('connection', (near) => link.#join(near));
    server.listen(at.port, at.host);
    await once(server, 'listening');
    return link;
  }

  /** Ends all connections at once, or one of them. */
  cut(which: (sockets: readonly Socket[]) => readonly Socket[] = (all) => all): void {
    for (const socket of which([...this.#sockets])) socket.resetAndDestroy();
  }

  /** Nothing comes through any more, and nobody is told. */
  hold(): void {
    this.#held = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** What was held comes through. */
  release(): void {
    this.#held = false;
    for (const socket of this.#sockets) socket.resume();
  }

  async close(): Promise<void> {
    this.#server.close();
    this.cut();
    await once(this.#server, 'close');
  }

  #join(near: Socket): void {
    const far = connect({ ...this.#to, noDelay: true });
    near.setNoDelay(true);
    this.#carry(near, far);
    this.#carry(far, near);
    if (!this.#held) near.resume();
    else far.pause();
  }

  #carry(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on('data', (bytes) => {
      if (!to.destroyed && !to.write(bytes)) {
        from.pause();
        to.once('drain', () => {
          if (!this.#held) from.resume();
        });
      }
    });
    from.on('end', () => to.end());
    from.on('error', () => undefined);
    from.on('close', () => {
      this.#sockets.delete(from);
      to.destroy();
    });
  }
}
