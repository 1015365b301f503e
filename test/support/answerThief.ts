import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP proxy that can let a request through and keep its answer: what was asked was done, and who asked does not know. */
export class AnswerThief {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #stolen: (() => void) | undefined;
  #asked = false;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(to: number): Promise<AnswerThief> {
    const server = createServer();
    const thief = new AnswerThief(server);
    server.on('connection', (near) => thief.#join(near, connect(to, '127.0.0.1')));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return thief;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Resolves when somebody connects. */
  async connected(): Promise<void> {
    await once(this.#server, 'connection');
  }

  /** Cuts the next connection that asks something, as soon as its answer comes; resolves then. */
  steal(): Promise<void> {
    this.#asked = false;
    return new Promise((done) => {
      this.#stolen = done;
    });
  }

  async stop(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }

  #join(near: Socket, far: Socket): void {
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    near.on('data', (bytes) => {
      this.#asked = true;
      far.write(bytes);
    });
    far.on('data', (bytes) => {
      if (!this.#stolen || !this.#asked) return void near.write(bytes);
      const stolen = this.#stolen;
      this.#stolen = undefined;
      near.destroy();
      stolen();
    });
  }
}
