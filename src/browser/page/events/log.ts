import type { Page as LogPage } from '../../client/page.ts';
import type { PinstreamEvent } from '../../client.ts';
import { ask } from '../ask.ts';
import type { LoggedEvent } from './csv.ts';

export type { LogPage };

const PAGE = 1_000;

/** A page of the log, after a cursor or before it. Rejects with a sentence for people. */
export type ReadLog<From = string | undefined> = (
  channels: readonly string[],
  from: From,
  signal: AbortSignal,
) => Promise<LogPage>;

/** What comes after a cursor, or from the beginning on. */
export const readOn: ReadLog = (channels, since, signal) =>
  askLog(channels, { ...(since !== undefined && { since }), limit: PAGE }, signal);

/** What is older than a cursor: the newest of it. With a smaller `last` something between the channels would be left out. */
export const readBack: ReadLog<string> = (channels, before, signal) =>
  askLog(channels, { last: PAGE, limit: PAGE, before }, signal);

/** Where the log ends now. */
export async function endOf(channels: readonly string[], signal: AbortSignal): Promise<string> {
  return (await askLog(channels, { last: 0 }, signal)).cursor;
}

function askLog(
  channels: readonly string[],
  more: { readonly [name: string]: string | number },
  signal: AbortSignal,
): Promise<LogPage> {
  const query = new URLSearchParams(channels.map((channel) => ['channel', channel]));
  for (const [name, value] of Object.entries(more)) query.set(name, String(value));
  return askJson(`/events?${query}`, signal);
}

/** JSON from our own server. What goes wrong is said in a sentence: the server's where it has one. */
export async function askJson<Answer>(path: string, signal: AbortSignal): Promise<Answer> {
  let response: Response;
  try {
    response = await ask(path, { signal, headers: { accept: 'application/json' } });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Error('The server cannot be reached at the moment. Try again when the page is live.');
  }
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok && answer !== undefined) return answer as Answer;
  if (signal.aborted) throw signal.reason;
  const { error } = (answer ?? {}) as { error?: string };
  throw new Error(error ?? `The server answered ${response.status}. Its log says why.`);
}

export function eventOf({ id, channel, event, data, at }: LoggedEvent): PinstreamEvent {
  return { id, channel, name: event, data, at };
}
