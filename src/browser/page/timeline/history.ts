import type { PinstreamEvent } from '../../client.ts';
import { ask } from '../ask.ts';

/** As many as a log holds unless it was told to hold more. */
const PRESSES = 1_000;
/** States of the device tell the levels of its outputs. */
const STATES = 1_000;
const MOST_WAIT_MS = 20_000;

export interface HistoryListener {
  /** What happened on the channel, oldest first. */
  heard(events: readonly PinstreamEvent[]): void;
  /** All that its log has was told. */
  complete(channel: string): void;
  /** The server said what time it has: milliseconds since 1970, NaN if it did not. */
  told(date: number): void;
}

/**
 * What the log has of the pins. One question at a time, so that a Pi answers the stream first. When one fails the plot
 * begins where the page did, and it is asked again the next time the stream is live.
 */
export class History {
  readonly #listener: HistoryListener;
  readonly #wanted = new Set<string>();
  #asking = false;

  constructor(listener: HistoryListener) {
    this.#listener = listener;
  }

  /** The channels of these pins, and how their device was. */
  want(channels: readonly string[]): void {
    this.#wanted.add('device');
    for (const channel of channels) this.#wanted.add(channel);
    void this.retry();
  }

  /** What is still wanted. */
  async retry(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      for (const channel of this.#wanted) {
        if (!(await this.#ask(channel))) return;
        this.#wanted.delete(channel);
      }
    } finally {
      this.#asking = false;
    }
  }

  /** false: no answer that could be used. */
  async #ask(channel: string): Promise<boolean> {
    const last = channel === 'device' ? STATES : PRESSES;
    try {
      const response = await ask(`/events?channel=${encodeURIComponent(channel)}&last=${last}`, {
        signal: AbortSignal.timeout(MOST_WAIT_MS),
      });
      this.#listener.told(Date.parse(response.headers.get('date') ?? ''));
      if (!response.ok) return false;
      const { events } = (await response.json()) as { events: readonly WireKept[] };
      this.#listener.heard(events.map(({ event, ...rest }) => ({ ...rest, name: event })));
      this.#listener.complete(channel);
      return true;
    } catch {
      return false;
    }
  }
}

/** An event as `GET /events` words it. */
interface WireKept {
  readonly id: string;
  readonly channel: string;
  readonly event: string;
  readonly data: string;
  readonly at: number;
}
