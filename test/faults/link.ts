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
  /** The other end of each. */
  readonly #others = new WeakMap<Socket, Socket>();
  readonly #held = new Set<Socket>();
  #holdsAll = false;

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

  /** Nothing comes through any more, and nobody is told: not through any connection, or not through one of them. */
  hold(which?: (sockets: readonly Socket[]) => readonly Socket[]): void {
    this.#holdsAll ||= which === undefined;
    for (const socket of which === undefined ? this.#sockets : which([...this.#sockets])) {
      for (const one of [socket, this.#others.get(socket)]) {
        if (one === undefined) continue;
        this.#held.add(one);
        one.pause();
      }
    }
  }

  /** What was held comes through. */
  release(): void {
    this.#holdsAll = false;
    for (const socket of this.#held) socket.resume();
    this.#held.clear();
  }

  async close(): Promise<void> {
    this.#server.close();
    this.cut();
    await once(this.#server, 'close');
  }

  #join(near: Socket): void {
    const far = connect({ ...this.#to, noDelay: true });
    near.setNoDelay(true);
    this.#others.set(near, far).set(far, near);
    this.#carry(near, far);
    this.#carry(far, near);
    if (this.#holdsAll) this.#held.add(near).add(far);
    if (this.#holdsAll) far.pause();
    else near.resume();
  }

  #carry(from: Socket, to: Socket): void {
    this.#sockets.add(from);
    from.on('data', (bytes) => {
      if (!to.destroyed && !to.write(bytes)) {
        from.pause();
        to.once('drain', () => {
          if (!this.#held.has(from)) from.resume();
        });
      }
    });
    from.on('end', () => to.end());
    from.on('error', () => undefined);
    from.on('close', () => {
      this.#sockets.delete(from);
      this.#held.delete(from);
      to.destroy();
    });
  }
}
