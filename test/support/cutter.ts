import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy that can cut what goes through it, as a bad network does. */
export class Cutter {
  readonly #server: Server;
  readonly #pairs = new Set<Socket>();
  /** Both ends of each connection, in the order in which they came. */
  readonly #connections: (readonly [near: Socket, far: Socket])[] = [];
  #whole = true;
  /** How many bytes have come back. */
  received = 0;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(to: number): Promise<Cutter> {
    const server = createServer();
    const cutter = new Cutter(server);
    server.on('connection', (near) => {
      if (cutter.#whole) cutter.#join(near, connect(to, '127.0.0.1'));
      else near.destroy();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return cutter;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Cuts all connections that are open now. */
  cut(): void {
    for (const socket of this.#pairs) socket.destroy();
  }

  /** Cuts them, and refuses further ones until it is mended. */
  sever(): void {
    this.#whole = false;
    this.cut();
  }

  mend(): void {
    this.#whole = true;
  }

  /** Lets nothing through any more on the connections that are open now, and tells nobody: a half-open network. */
  freeze(which: (index: number) => boolean = () => true): void {
    for (const [near, far] of this.#connections.filter((_, index) => which(index))) {
      near.unpipe(far).pause();
      far.unpipe(near).pause();
    }
  }

  async stop(): Promise<void> {
    this.#server.close();
    this.cut();
    await once(this.#server, 'close');
  }

  #join(near: Socket, far: Socket): void {
    this.#connections.push([near, far]);
    far.on('data', ({ length }) => {
      this.received += length;
    });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#pairs.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#pairs.delete(socket);
        other.destroy();
      });
      socket.pipe(other);
    }
  }
}
