import type { WireEvent, WireGap } from '../wire.ts';
import type { End, Transport } from './line.ts';
import type { Place } from './messages.ts';
import { beside, request } from './request.ts';
import type { Track } from './track.ts';

/** Less than proxies wait for an answer. */
const WAIT_SECONDS = 20;
const NO_ANSWER = 35_000;
const MOST = 1_000;

/** The answer to `GET /events`. */
export interface WirePage {
  readonly cursor: string;
  readonly events: readonly Omit<WireEvent, 'type'>[];
  readonly gap: readonly Omit<WireGap, 'type'>[] | null;
}

/** A long poll after the other, where a stream does not get through, until it is time to try one again. */
export class Poll implements Transport {
  readonly #place: Place;
  readonly #track: Track;
  readonly #until: number;
  readonly #live: () => void;
  readonly #abort = new AbortController();
  #answeredAt = Date.now();

  constructor(place: Place, track: Track, until: number, live: () => void) {
    this.#place = place;
    this.#track = track;
    this.#until = until;
    this.#live = live;
  }

  get isDoubtful(): boolean {
    return Date.now() - this.#answeredAt > NO_ANSWER;
  }

  async run(names: readonly string[]): Promise<End> {
    try {
      // The first one is answered at once: it says from where on, and whether this gets through at all.
      for (let wait = 0; !this.#abort.signal.aborted && Date.now() < this.#until; wait = WAIT_SECONDS) {
        await this.#poll(names, wait);
        this.#live();
      }
    } catch (error) {
      if (!this.#abort.signal.aborted) throw error;
    }
    return { why: 'cut' };
  }

  /** A poll that waits knows its channels only when it begins. */
  want(): void {
    this.cut();
  }

  cut(): void {
    this.#abort.abort();
  }

  async #poll(names: readonly string[], wait: number): Promise<void> {
    const track = this.#track;
    const { cursor, events, gap } = await pageOf(this.#place, names, {
      ...(track.cursor ? { since: track.cursor, wait } : { last: 0 }),
      signal: this.#abort.signal,
    });
    this.#answeredAt = Date.now();
    if (track.cursor === '') track.at(cursor);
    track.hear(names);
    for (const one of gap ?? []) track.gap(one);
    for (const event of events) track.event(event);
    track.at(cursor);
    track.flush();
  }
}

export interface Question {
  readonly since?: string;
  readonly last?: number;
  readonly wait?: number;
  readonly signal: AbortSignal;
}

/** A page of the log. */
export async function pageOf(place: Place, names: readonly string[], question: Question): Promise<WirePage> {
  const { since, last, wait, signal } = question;
  const address = beside(place, 'events');
  for (const name of names) address.searchParams.append('channel', name);
  address.searchParams.set('limit', String(MOST));
  if (since) address.searchParams.set('since', since);
  else address.searchParams.set('last', String(last ?? 0));
  if (wait) address.searchParams.set('wait', String(wait));
  const late = new AbortController();
  const stop = () => late.abort();
  const timer = setTimeout(stop, NO_ANSWER);
  signal.addEventListener('abort', stop);
  try {
    const response = await request(place, address, { signal: late.signal });
    return (await response.json()) as WirePage;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
  }
}
