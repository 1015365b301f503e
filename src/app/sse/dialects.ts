import { formatCursor } from '../../contract/cursor.ts';
import { MESSAGE, type StoredEvent } from '../../contract/event.ts';

/**
 * How an endpoint words events. `stream`: named events, as Flask-SSE. `sse`: only ids and data, as cyclone_sse. `envelope`:
 * all of an event as JSON in one `pinstream` event, for scripts that need to know the channel.
 */
export type Dialect = 'stream' | 'sse' | 'envelope';

/** What a stream says of itself, in the dialects that can. */
export type Saying =
  | {
      readonly type: 'open';
      readonly cursor: string;
      readonly channels: readonly string[];
      /** Milliseconds between two pings: who hears nothing for much longer has lost the stream. */
      readonly heartbeat: number;
    }
  | { readonly type: 'gap'; readonly channel: string; readonly until: string; readonly certain: boolean }
  | { readonly type: 'gap'; readonly reason: 'epoch' }
  | { readonly type: 'ping'; readonly cursor: string }
  | { readonly type: 'closing' }
  | { readonly type: 'refused'; readonly reason: string };

const OWN_EVENT = 'pinstream';
const LINE_END = /\r\n|\r|\n/;

export function eventBlock(dialect: Dialect, epoch: string, event: StoredEvent): string {
  const id = formatCursor(epoch, event.n);
  if (dialect === 'envelope') return `id: ${id}\nevent: ${OWN_EVENT}\n${dataLines(envelope(id, event))}\n`;
  if (dialect === 'sse') return `id: ${id}\n${dataLines(plainText(event))}\n`;
  const name = event.name === MESSAGE ? '' : `event: ${event.name}\n`;
  return `id: ${id}\n${name}${dataLines(event.data)}\n`;
}

/** A block that moves the reader's cursor and is no event (G2). */
export function cursorBlock(epoch: string, n: number): string {
  return `id: ${formatCursor(epoch, n)}\n\n`;
}

export function retryBlock(milliseconds: number): string {
  return `retry: ${milliseconds}\n\n`;
}

/** Empty where the dialect has no words for it. */
export function sayingBlock(dialect: Dialect, saying: Saying): string {
  if (dialect === 'sse') return saying.type === 'ping' ? ': sse ping\n\n' : '';
  // Some libraries, unlike browsers, take an id only together with data.
  const id = 'cursor' in saying ? `id: ${saying.cursor}\n` : '';
  return `${id}event: ${OWN_EVENT}\ndata: ${JSON.stringify(saying)}\n\n`;
}

/** The raw text as it was published; what was published by name and data, as cyclone's clients expect it. */
function plainText({ raw, name, data }: StoredEvent): string {
  if (raw !== undefined) return raw;
  return name === MESSAGE ? data : JSON.stringify([name, data]);
}

function envelope(id: string, { channel, name, data, at }: StoredEvent): string {
  return JSON.stringify({ type: 'event', channel, event: name, data, at, id });
}

/** One `data:` line for each line. Only CR, LF and CRLF end a line; U+2028 doesn't (G3). */
function dataLines(data: string): string {
  if (!LINE_END.test(data)) return `data: ${data}\n`;
  return data
    .split(LINE_END)
    .map((line) => `data: ${line}\n`)
    .join('');
}
