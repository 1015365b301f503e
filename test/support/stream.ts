import { once } from 'node:events';
import { type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';

/** What a stream says before its first event: when to come back, where the reader is and, in `/stream`, that it is open. */
const OPENING = /^retry: \d+\n\nid: \S+\n\n(?:event: pinstream\ndata: \{"type":"open".*\}\n\n)?/;

/** One stream as its bytes came, as text. */
export class Stream {
  readonly #response: IncomingMessage;
  #text = '';

  /** Resolves when the answer has begun: what is published from then on reaches a stream. */
  static async open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Stream> {
    const asked = request(url, { headers, agent: false });
    asked.end();
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    return new Stream(response);
  }

  private constructor(response: IncomingMessage) {
    this.#response = response;
    response.setEncoding('utf8');
    response.on('data', (part: string) => {
      this.#text += part;
    });
    response.on('error', () => {}); // cut off: an end too
  }

  get status(): number {
    return this.#response.statusCode as number;
  }

  get headers(): IncomingHttpHeaders {
    return this.#response.headers;
  }

  get text(): string {
    return this.#text;
  }

  /** What came after the opening. */
  get events(): string {
    return this.#text.replace(OPENING, '');
  }

  /** Waits for a text, or for what `met` says of all that has come. Fails when the stream ends without it. */
  async until(met: string | ((text: string) => boolean)): Promise<void> {
    const isMet = typeof met === 'string' ? (text: string) => text.includes(met) : met;
    while (!isMet(this.#text)) {
      if (this.#response.closed)
        throw new Error(`The stream ended without ${met}: ${JSON.stringify(this.#text)}`);
      await this.#more();
    }
  }

  /** Waits for the server to end it. */
  async ended(): Promise<void> {
    while (!this.#response.closed) await this.#more();
  }

  /** Leaves as a browser does whose tab is closed. */
  close(): void {
    this.#response.destroy();
  }

  #more(): Promise<void> {
    return new Promise((done) => {
      const settle = () => {
        this.#response.off('data', settle).off('close', settle);
        done();
      };
      this.#response.on('data', settle).on('close', settle);
    });
  }
}
