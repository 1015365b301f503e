import type { Gap, PinstreamEvent } from '../../client.ts';
import type { WireGap } from '../../wire.ts';
import { ask } from '../ask.ts';
import type { LoggedEvent } from './csv.ts';

/** What `GET /events` answers. */
export interface LogPage {
  readonly cursor: string;
  readonly events: readonly LoggedEvent[];
  readonly gap: readonly Omit<WireGap, 'type'>[] | null;
}

export const PAGE = 1_000;

/** A page of the log after a cursor, or from its beginning. Rejects with a sentence for people. */
export type ReadLog = (
  channels: readonly string[],
  since: string | undefined,
  signal: AbortSignal,
) => Promise<LogPage>;

export const readLog: ReadLog = async (channels, since, signal) => {
  const query = new URLSearchParams(channels.map((channel) => ['channel', channel]));
  if (since !== undefined) query.set('since', since);
  query.set('limit', String(PAGE));
  return askJson<LogPage>(`/events?${query}`, signal);
};

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

export function gapOf({ channel, until, certain = true }: Omit<WireGap, 'type'>): Gap {
  return { certain, ...(channel !== undefined && { channel }), ...(until !== undefined && { until }) };
}

export function numberOf(cursor: string): number {
  return Number.parseInt(cursor.slice(cursor.lastIndexOf('-') + 1), 10) || 0;
}

export function epochOf(cursor: string): string {
  return cursor.slice(0, cursor.lastIndexOf('-'));
}
