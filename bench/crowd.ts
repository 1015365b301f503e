import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { post } from '../test/support/request.ts';

const AT_ONCE = 100;
/** A stream has at most ten patterns. */
const PATTERNS_AT_ONCE = 10;

/** Streams and channels beside those that are measured, as many as a stream may have in each request. */
export class Crowd {
  readonly #port: number;
  readonly #sockets: Socket[] = [];

  constructor(port: number) {
    this.#port = port;
  }

  /** One event on each. */
  async publishOn(channels: readonly string[]): Promise<void> {
    for (const some of pieces(channels, AT_ONCE)) {
      const events = some.map((channel) => ({ channel, data: 'here' }));
      const { status, text } = await post(`http://127.0.0.1:${this.#port}/events`, events);
      if (status !== 201) throw new Error(`${some.length} events were answered ${status}: ${text}`);
    }
  }

  /** Returns when each stream has said that it is open. */
  async listenTo(names: readonly string[]): Promise<void> {
    const each = names.some((name) => name.includes('*')) ? PATTERNS_AT_ONCE : AT_ONCE;
    for (const some of pieces(names, each)) {
      const socket = connect(this.#port, '127.0.0.1');
      this.#sockets.push(socket);
      const query = some.map((name) => `channel=${name}`).join('&');
      socket.write(`GET /stream?${query} HTTP/1.1\r\nHost: 127.0.0.1:${this.#port}\r\n\r\n`);
      const [answer] = (await once(socket, 'data')) as [Buffer];
      if (!answer.toString('latin1').startsWith('HTTP/1.1 200'))
        throw new Error(`A stream was answered: ${answer.toString('latin1').split('\r\n')[0]}`);
      socket.resume().on('error', () => undefined);
    }
  }

  leave(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}

function pieces(all: readonly string[], each: number): string[][] {
  return Array.from({ length: Math.ceil(all.length / each) }, (_, i) => all.slice(i * each, (i + 1) * each));
}
