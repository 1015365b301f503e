import type { Context } from 'koa';
import { channelProblem, isPattern, patternProblem } from '../contract/channel.ts';
import { type Cursor, parseCursor } from '../contract/cursor.ts';
import { sessionProblem } from '../contract/session.ts';
import { refuse } from './refuse.ts';

/** Each is compared with every channel. */
const MOST_PATTERNS = 10;

/** Not from the whole address, which may be none at all: `Host` is the reader's to say. */
export function queryOf(ctx: Context): URLSearchParams {
  return new URLSearchParams(ctx.querystring);
}

/** The channels and patterns that a request names: `name=a&name=b`, and `names=a,b`. */
export function channelsOf(query: URLSearchParams, single: string, list: string, most: number): string[] {
  const names = new Set(query.getAll(single));
  for (const joined of query.getAll(list)) {
    for (const name of joined.split(',')) if (name !== '') names.add(name);
  }
  return checkNames(names, single, most);
}

/** The channels and patterns that one stream listens to, each once. */
export function checkNames(given: Iterable<string>, field: string, most: number): string[] {
  const names = [...new Set(given)];
  for (const name of names) {
    const problem = patternProblem(name);
    if (problem) throw refuse(400, problem, field);
  }
  if (names.length > most)
    throw refuse(400, `A stream has at most ${most} channels (MAX_STREAM_CHANNELS).`, field);
  if (names.filter(isPattern).length > MOST_PATTERNS)
    throw refuse(400, `A stream has at most ${MOST_PATTERNS} patterns: name channels.`, field);
  return names;
}

/** The session whose channels a stream has, if it has one. */
export function sessionOf(query: URLSearchParams): string | undefined {
  const session = query.get('session');
  if (session === null) return undefined;
  const problem = sessionProblem(session);
  if (problem) throw refuse(400, problem, 'session');
  return session;
}

/** A channel to publish on. */
export function checkChannel(channel: unknown): asserts channel is string {
  if (typeof channel !== 'string') throw refuse(400, 'Say on which channel, as a text.', 'channel');
  const problem = channelProblem(channel);
  if (problem) throw refuse(400, problem, 'channel');
}

/**
 * Where the reader of a stream was. The header wins: on a native reconnect the query still says what it said at first (G5).
 * Of several in the query the last one counts, as polyfills append theirs. A text that is no cursor of ours comes from another
 * server or another version: the stream begins with a gap, since a refusal would end it for ever (G1).
 */
export function readerCursor(
  header: string | undefined,
  query: URLSearchParams,
): Cursor | 'unknown' | undefined {
  const said = header || query.getAll('last_event_id').at(-1) || query.getAll('lastEventId').at(-1);
  return said ? (parseCursor(said) ?? 'unknown') : undefined;
}

/** A whole number of the query within bounds. */
export function numberOf(
  query: URLSearchParams,
  name: string,
  least: number,
  most: number,
): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  const value = Number(text);
  if (!/^\d{1,9}$/.test(text) || value < least || value > most) {
    throw refuse(400, `"${name}" must be a whole number from ${least} to ${most}.`, name);
  }
  return value;
}

/** From where on, or up to where, where that is asked for in words of its own. */
export function sinceOf(since: unknown, name = 'since'): Cursor | undefined {
  if (since === undefined) return undefined;
  const cursor = typeof since === 'string' ? parseCursor(since) : undefined;
  if (!cursor) throw refuse(400, `"${name}" must be a cursor, as the id of an event: k3f9x2-42.`, name);
  return cursor;
}
