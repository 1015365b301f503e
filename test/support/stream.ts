import { once } from 'node:events';
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request } from 'node:http';

const OPENING = /^retry: \d+\n\n(id: \S+\n)\n(?:\1event: pinstream\ndata: \{"type":"open".*\}\n\n)?/;

/** A test that waits for longer than this has failed. */
const PATIENCE_MS = 15_000;

/** What follows the opening: when to come back, where the reader is and, in `/stream`, that it is open. */
export function afterOpening(text: string): string {
  return text.replace(OPENING, '');
}

/** One stream as its bytes came, as text. */
export class Stream {
  readonly #response: IncomingMessage;
  #text = '';

  /** Resolves when the answer has begun: what is published from then on reaches a stream. */
  static async open(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Stream> {
    // A connection of its own that it would keep, as a browser's.
    const asked = request(url, { headers, agent: new Agent({ keepAlive: true }) });
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
    return afterOpening(this.#text);
  }

  /** Waits for a text, or for what `met` says of all that has come. Fails when the stream ends without it, or says nothing. */
  async until(met: string | ((text: string) => boolean)): Promise<void> {
    const isMet = typeof met === 'string' ? (text: string) => text.includes(met) : met;
    const late = AbortSignal.timeout(PATIENCE_MS);
    while (!isMet(this.#text)) {
      if (this.#response.closed || late.aborted)
        throw new Error(
          `The stream ${late.aborted ? 'went on' : 'ended'} without ${met}: ${JSON.stringify(this.#text)}`,
        );
      await this.#more(late);
    }
  }

  /** Waits for the server to end it. */
  async ended(): Promise<void> {
    await this.until(() => this.#response.closed);
  }

  /** Leaves as a browser does whose tab is closed. */
  close(): void {
    this.#response.destroy();
  }

  #more(late: AbortSignal): Promise<void> {
    return new Promise((done) => {
      const settle = () => {
        this.#response.off('data', settle).off('close', settle);
        late.removeEventListener('abort', settle);
        done();
      };
      this.#response.on('data', settle).on('close', settle);
      late.addEventListener('abort', settle);
    });
  }
}
