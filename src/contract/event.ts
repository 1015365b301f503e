import { byteLength } from './channel.ts';

/** An event before it is in a log. */
export interface NewEvent {
  readonly channel: string;
  readonly name: string;
  readonly data: string;
  /** When it happened, in milliseconds since 1970; fractions are microseconds. */
  readonly at: number;
  /** The whole text of a raw publish, when that is not just the data: the `sse` dialect sends it as it came. */
  readonly raw?: string;
}

/** An event in its log. */
export interface StoredEvent extends NewEvent {
  readonly n: number;
  /** It was a raw publish, and the keeper gave it its number. */
  readonly adopted?: true;
}

export const MESSAGE = 'message';
export const MAX_DATA_BYTES = 65_536;
export const MAX_NAME_BYTES = 200;

/** `pinstream` words what the stream says of itself; `open` and `error` would reach a page as EventSource's own (G7). */
const RESERVED = new Set(['pinstream', 'open', 'error']);
const CONTROL = /\p{Cc}/u;

export function isReservedName(name: string): boolean {
  return RESERVED.has(name);
}

/** Why a text can't be an event's name, as a sentence; undefined when it can. */
export function nameProblem(name: string): string | undefined {
  if (isReservedName(name)) return `"${name}" is a name that streams use themselves: choose another.`;
  return nameShapeProblem(name);
}

/** As nameProblem, but reserved names pass: a raw publish with one is kept as a message instead. */
export function nameShapeProblem(name: string): string | undefined {
  if (name === '') return 'An event name cannot be empty: leave it out for "message".';
  if (CONTROL.test(name)) return 'An event name cannot contain control characters.';
  if (byteLength(name) > MAX_NAME_BYTES) return 'An event name has at most 200 bytes in UTF-8.';
  return undefined;
}

/** Why a text can't be an event's data, as a sentence; undefined when it can. */
export function dataProblem(data: string): string | undefined {
  // A character is at most three bytes for each UTF-16 unit: most texts need no counting.
  if (data.length * 3 <= MAX_DATA_BYTES || byteLength(data) <= MAX_DATA_BYTES) return undefined;
  return 'The data of an event has at most 64 KiB in UTF-8: send a link to what is larger.';
}
