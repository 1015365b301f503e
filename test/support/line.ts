import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A connection that is written to and read byte by byte. */
export class Line {
  text = '';
  over = false;
  readonly socket: Socket;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', (part: string) => {
      this.text += part;
    });
    socket.on('close', () => {
      this.over = true;
    });
  }

  static async open(port: number): Promise<Line> {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    return new Line(socket);
  }

  async until(met: () => boolean): Promise<void> {
    while (!met()) {
      if (this.over) throw new Error(`The connection ended: ${JSON.stringify(this.text)}`);
      await new Promise((done) => {
        this.socket.once('data', done);
        this.socket.once('close', done);
      });
    }
  }
}

/** The text of a chunked body, and that it is well-formed. */
export function unchunk(body: string): string {
  let text = '';
  for (let rest = body; rest !== ''; ) {
    const [, size = '', after = ''] =
      /^([0-9a-f]+)\r\n([\s\S]*)$/.exec(rest) ?? assert.fail(`no chunk: ${JSON.stringify(rest)}`);
    const length = Number.parseInt(size, 16);
    assert.equal(after.slice(length, length + 2), '\r\n');
    text += after.slice(0, length);
    rest = after.slice(length + 2);
  }
  return text;
}
