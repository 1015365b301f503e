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
  /** All that was missed on added channels has come; `id` is where the reader is. */
  | { readonly type: 'channels'; readonly id: string; readonly channels: readonly string[] }
  | { readonly type: 'closing' }
  | { readonly type: 'refused'; readonly reason: string };

const OWN_EVENT = 'pinstream';
const LINE_END = /\r\n|\r|\n/;

export function eventBlock(dialect: Dialect, epoch: string, event: StoredEvent): string {
  return `id: ${formatCursor(epoch, event.n)}\n${missedBlock(dialect, epoch, event)}`;
}

/** An event from before the reader's cursor, which must not go back to it. */
export function missedBlock(dialect: Dialect, epoch: string, event: StoredEvent): string {
  if (dialect === 'envelope') return `event: ${OWN_EVENT}\n${dataLines(envelope(epoch, event))}\n`;
  if (dialect === 'sse') return `${dataLines(plainText(event))}\n`;
  const name = event.name === MESSAGE ? '' : `event: ${event.name}\n`;
  return `${name}${dataLines(event.data)}\n`;
}

/** A block that moves the reader's cursor and is no event (G2). */
export function cursorBlock(epoch: string, n: number, rev = 0): string {
  return `id: ${formatCursor(epoch, n, rev)}\n\n`;
}

export function retryBlock(milliseconds: number): string {
  return `retry: ${milliseconds}\n\n`;
}

/** Empty where the dialect has no words for it. */
export function sayingBlock(dialect: Dialect, saying: Saying): string {
  if (dialect === 'sse') return plainSaying(saying);
  // Some libraries, unlike browsers, take an id only together with data.
  if (saying.type === 'channels')
    return ownBlock({ type: saying.type, channels: saying.channels }, saying.id);
  return ownBlock(saying, 'cursor' in saying ? saying.cursor : undefined);
}

function ownBlock(said: object, id: string | undefined): string {
  const idLine = id === undefined ? '' : `id: ${id}\n`;
  return `${idLine}event: ${OWN_EVENT}\ndata: ${JSON.stringify(said)}\n\n`;
}

function plainSaying(saying: Saying): string {
  if (saying.type === 'channels') return `id: ${saying.id}\n\n`;
  return saying.type === 'ping' ? ': sse ping\n\n' : '';
}

/** The raw text as it was published; what was published by name and data, as cyclone's clients expect it. */
function plainText({ raw, name, data }: StoredEvent): string {
  if (raw !== undefined) return raw;
  return name === MESSAGE ? data : JSON.stringify([name, data]);
}

function envelope(epoch: string, { n, channel, name, data, at }: StoredEvent): string {
  return JSON.stringify({ type: 'event', channel, event: name, data, at, id: formatCursor(epoch, n) });
}

/** One `data:` line for each line. Only CR, LF and CRLF end a line; U+2028 doesn't (G3). */
function dataLines(data: string): string {
  if (!LINE_END.test(data)) return `data: ${data}\n`;
  return data
    .split(LINE_END)
    .map((line) => `data: ${line}\n`)
    .join('');
}
