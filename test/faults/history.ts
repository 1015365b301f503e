import { createHash } from 'node:crypto';

/** How a client listens: over a stream in one of its dialects, or by polling. */
export type Kind = 'stream' | 'envelope' | 'sse' | 'poll' | 'xhr';

export interface ClientSpec {
  readonly id: number;
  readonly kind: Kind;
  readonly channels: readonly string[];
  readonly url: string;
  /** The word under which its channels may change. */
  readonly session?: string;
}

/** What happened to a client, in its order. Times are milliseconds since the run began. */
export type Line =
  | { readonly t: number; readonly c: number; readonly is: 'life'; readonly from: string | null }
  /** Where the stream says that the client is. */
  | { readonly t: number; readonly c: number; readonly is: 'open'; readonly at: string }
  | {
      readonly t: number;
      readonly c: number;
      readonly is: 'event';
      readonly id: string;
      readonly hash: string;
    }
  /** An event of a channel that was added, which came without an id of its own. */
  | {
      readonly t: number;
      readonly c: number;
      readonly is: 'late';
      readonly id: string;
      readonly hash: string;
    }
  | { readonly t: number; readonly c: number; readonly is: 'at'; readonly at: string }
  | {
      readonly t: number;
      readonly c: number;
      readonly is: 'gap';
      readonly channel: string | null;
      readonly until: string;
    }
  /** It has asked for other channels; what is added begins after `since`. */
  | {
      readonly t: number;
      readonly c: number;
      readonly is: 'ask';
      readonly channels: readonly string[];
      readonly since: string;
    }
  /** The channels have changed. */
  | { readonly t: number; readonly c: number; readonly is: 'channels'; readonly channels: readonly string[] }
  | { readonly t: number; readonly c: number; readonly is: 'error'; readonly why: string }
  /** It has given up for ever. */
  | { readonly t: number; readonly c: number; readonly is: 'dead'; readonly why: string };

/** Stands for the whole text: two that differ in a byte have different ones. */
export function hashOf(...parts: string[]): string {
  return createHash('sha1').update(parts.join('\n')).digest('base64url').slice(0, 16);
}

/** As a reader of a stream gets a text: every line end is one. */
export function asStreamed(text: string): string {
  return text.replace(/\r\n|\r/g, '\n');
}
