import { connect, type Socket } from 'node:net';

/** What all readers of a process read into, one after the other: a buffer each would be most of this process's memory. */
const SHARED = Buffer.allocUnsafe(65_536);
const DATA = '\ndata: ';

export interface Seat {
  readonly port: number;
  readonly path: string;
  /** The address of this machine that it comes from: each has its own ports, and its own place in the app's count. */
  readonly from?: string;
  readonly cursor?: string;
  /** The sequence that it has heard up to. */
  readonly after: number;
}

export interface Hearers {
  /** Called for each event, with the time at which it was published. */
  readonly event?: (reader: Reader, at: number) => void;
  /** Called when the stream is open, or has come to its end before it was. */
  readonly settled?: (reader: Reader) => void;
  readonly gone?: (reader: Reader) => void;
}

/**
 * One stream over a plain socket, read with as little work as can be, so that many do not keep the machine from the app. The
 * data of each event is a sequence and a time; a reader knows at once when one is missing, doubled or out of order.
 */
export class Reader {
  readonly socket: Socket;
  /** The newest sequence that it has heard. */
  last: number;
  /** What it was never to see. */
  wrong: string | undefined;
  /** Whether the opening has come: it hears from then on. */
  open = false;
  #settled = false;
  #rest = '';
  readonly #hearers: Hearers;

  constructor({ port, path, from = '127.0.0.1', cursor, after }: Seat, hearers: Hearers = {}) {
    this.last = after;
    this.#hearers = hearers;
    this.socket = connect({
      port,
      host: '127.0.0.1',
      localAddress: from,
      onread: {
        buffer: SHARED,
        callback: (length) => {
          this.#read(SHARED.toString('latin1', 0, length));
          return true;
        },
      },
    });
    this.socket.on('error', (error) => this.#fail(error.message));
    this.socket.on('close', () => {
      this.#fail('It was ended.');
      this.#settle();
      hearers.gone?.(this);
    });
    const resume = cursor === undefined ? '' : `Last-Event-ID: ${cursor}\r\n`;
    this.socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n${resume}\r\n`);
  }

  /** Leaves as a browser does whose tab is closed. */
  close(): void {
    this.#hearers.gone?.(this);
    this.socket.removeAllListeners('close').destroy();
  }

  #read(text: string): void {
    const all = this.#rest + text;
    let from = 0;
    for (;;) {
      const start = all.indexOf(DATA, from);
      const end = start < 0 ? -1 : all.indexOf('\n', start + DATA.length);
      if (end < 0) {
        this.#rest = all.slice(start < 0 ? Math.max(from, all.length - DATA.length) : start);
        return;
      }
      this.#data(all.slice(start + DATA.length, end));
      from = end;
    }
  }

  #data(data: string): void {
    if (data.startsWith('{')) {
      if (data.startsWith('{"type":"open"')) this.open = true;
      else if (!data.startsWith('{"type":"ping"')) this.#fail(data);
      this.#settle();
      return;
    }
    const space = data.indexOf(' ');
    const sequence = Number(data.slice(0, space));
    if (sequence !== this.last + 1) this.#fail(`After ${this.last} came ${sequence}.`);
    this.last = sequence;
    this.#hearers.event?.(this, Number(data.slice(space + 1, data.indexOf(' ', space + 1))));
  }

  #settle(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#hearers.settled?.(this);
  }

  #fail(wrong: string): void {
    this.wrong ??= wrong;
  }
}
