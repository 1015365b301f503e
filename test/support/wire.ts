import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { connect, type Socket } from 'node:net';

export interface Answer {
  readonly status: number;
  /** All values under that name, as many times as it was sent. */
  header(name: string): string[];
  readonly raw: readonly string[];
  readonly body: string;
}

export interface Question {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** One request on a connection of its own, its answer read to the end. */
export async function ask(
  url: string,
  { method = 'GET', headers = {}, body }: Question = {},
): Promise<Answer> {
  const sent = request(url, { method, headers, agent: false });
  // An answer may come before the whole body was taken (413), and then the rest is refused. What cuts the answer itself short
  // is an error below.
  sent.on('error', () => {});
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return {
    status: response.statusCode as number,
    raw: response.rawHeaders,
    header: (name) => valuesOf(response.rawHeaders, name),
    body: Buffer.concat(chunks).toString(),
  };
}

function valuesOf(raw: readonly string[], name: string): string[] {
  return raw.filter((_, at) => at % 2 === 1 && raw[at - 1]?.toLowerCase() === name.toLowerCase());
}

/** The bytes of one connection, while it is open. */
export interface Wire {
  /** What has come so far, head included. */
  readonly text: string;
  /** Waits until `part` has come. Fails when the connection ends without it. */
  until(part: string): Promise<void>;
  /** Waits for the other side to end the connection. */
  ended(): Promise<void>;
  close(): void;
}

/** Sends `GET path` and leaves the connection open. */
export async function openWire(
  port: number,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<Wire> {
  const socket: Socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  let text = '';
  let over = false;
  socket.setEncoding('utf8');
  socket.on('data', (piece) => {
    text += piece;
  });
  const end = new Promise<void>((resolve) => socket.once('close', () => resolve())).then(() => {
    over = true;
  });
  socket.on('error', () => {}); // a reset is an end too
  const lines = Object.entries({ Host: `127.0.0.1:${port}`, ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  socket.write(`GET ${path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  return {
    get text() {
      return text;
    },
    async until(part) {
      while (!text.includes(part)) {
        if (over)
          throw new Error(`The connection ended without ${JSON.stringify(part)}: ${JSON.stringify(text)}`);
        await Promise.race([once(socket, 'data'), end]);
      }
    },
    ended: () => end,
    close: () => void socket.destroy(),
  };
}
