import type { WireEvent, WireGap } from '../wire.ts';
import type { Place } from './messages.ts';
import { refusal, request } from './request.ts';

const NO_ANSWER = 35_000;
const MOST = 1_000;

/** The answer to `GET /events`. */
export interface Page {
  readonly cursor: string;
  readonly events: readonly Omit<WireEvent, 'type'>[];
  readonly gap: readonly Omit<WireGap, 'type'>[] | null;
}

/** A page of the log after `since`, or else the last so many events of each channel. */
export async function pageOf(
  place: Place,
  channel: readonly string[],
  { since, last = 0, wait }: { readonly since?: string; readonly last?: number; readonly wait?: number },
  signal: AbortSignal,
): Promise<Page> {
  const query = { channel, limit: MOST, ...(since ? { since, wait } : { last }) };
  // Where a browser cannot join signals, an answer that stalls is waited for until the network changes.
  const patient = AbortSignal.any?.([signal, AbortSignal.timeout(NO_ANSWER)]) ?? signal;
  const answer = await request(place, 'events', query, { signal: patient });
  return answer.json().catch(() => Promise.reject(refusal(`What answers at ${place.url} is not Pinstream.`)));
}
