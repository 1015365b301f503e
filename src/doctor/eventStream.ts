import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Ask, begin, type Head, objectIn, type Target } from './ask.ts';

/** What stands between two empty lines of a stream. */
export interface Block {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: string | undefined;
  readonly retry: string | undefined;
  /** When it had come whole. */
  readonly at: number;
}

/** A stream that says more than this has lost its mind. */
const MOST_BYTES = 1_048_576;

/** A stream as it comes, block by block, with the time of each. */
export class EventStream {
  readonly head: Head;
  readonly blocks: Block[] = [];
  readonly #response: IncomingMessage;
  #rest = '';
  #bytes = 0;

  static async open(target: Target, path: string, options: Ask = {}): Promise<EventStream> {
    const headers = { Accept: 'text/event-stream', 'Cache-Control': 'no-cache', ...options.headers };
    const { head, response } = await begin(target, path, { ...options, headers });
    return new EventStream(head, response);
  }

  private constructor(head: Head, response: IncomingMessage) {
    this.head = head;
    this.#response = response;
    response.setEncoding('utf8').on('data', (text: string) => this.#take(text));
  }

  /** Whether it is one at all, by its status and type. */
  get isOne(): boolean {
    return this.head.isStream;
  }

  get ended(): boolean {
    return this.#response.closed;
  }

  /** The first block that is so, as soon as it is there; undefined when none comes in time, or the stream ends. */
  async find(isSo: (block: Block) => boolean, ms: number): Promise<Block | undefined> {
    const deadline = performance.now() + ms;
    for (;;) {
      const found = this.blocks.find(isSo);
      const left = deadline - performance.now();
      if (found || this.ended || left <= 0) return found;
      await this.#more(left);
    }
  }

  /** Waits for its end; false when it goes on for longer. */
  async endsWithin(ms: number): Promise<boolean> {
    await this.find(() => false, ms);
    return this.ended;
  }

  close(): void {
    this.#response.destroy();
  }

  async #more(ms: number): Promise<void> {
    const enough = new AbortController();
    const settle = () => enough.abort();
    this.#response.on('data', settle).on('close', settle);
    await sleep(ms, undefined, { signal: enough.signal }).catch(() => undefined);
    this.#response.off('data', settle).off('close', settle);
  }

  #take(text: string): void {
    const at = performance.now();
    this.#bytes += text.length;
    if (this.#bytes > MOST_BYTES) {
      this.close();
      return;
    }
    const parts = (this.#rest + text).replaceAll('\r\n', '\n').split('\n\n');
    this.#rest = parts.pop() ?? '';
    for (const part of parts) this.blocks.push({ ...fieldsOf(part), at });
  }
}

function fieldsOf(block: string): Omit<Block, 'at'> {
  const lines = block.split('\n');
  const all = (name: string) =>
    lines
      .filter((line) => line.startsWith(`${name}:`))
      .map((line) => line.slice(name.length + 1).replace(/^ /, ''));
  const data = all('data');
  return {
    id: all('id').at(-1),
    event: all('event').at(-1),
    retry: all('retry').at(-1),
    data: data.length > 0 ? data.join('\n') : undefined,
  };
}

/** What a block of the stream says of itself, if it is of this type. */
export function sayingIn(
  { event, data = '' }: Block,
  type: string,
): Readonly<Record<string, unknown>> | undefined {
  const said = event === 'pinstream' ? objectIn(data) : undefined;
  return said?.type === type ? said : undefined;
}
