import type { PinstreamEvent } from '../../client.ts';
import { ask } from '../ask.ts';
import type { LoggedEvent } from '../events/csv.ts';
import { eventOf } from '../events/log.ts';

/** As many as a log holds unless it was told to hold more. */
const MOST = 1_000;
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

  /** The channels of these pins, and how their device was: that tells the levels of its outputs. */
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
        // Before it is asked: what is wanted again meanwhile is asked again, since the answer may be from before that.
        this.#wanted.delete(channel);
        if (await this.#ask(channel)) continue;
        this.#wanted.add(channel);
        return;
      }
    } finally {
      this.#asking = false;
    }
  }

  /** false: no answer that could be used. */
  async #ask(channel: string): Promise<boolean> {
    try {
      const response = await ask(`/events?channel=${encodeURIComponent(channel)}&last=${MOST}`, {
        signal: AbortSignal.timeout(MOST_WAIT_MS),
      });
      this.#listener.told(Date.parse(response.headers.get('date') ?? ''));
      if (!response.ok) return false;
      const { events } = (await response.json()) as { events: readonly LoggedEvent[] };
      this.#listener.heard(events.map(eventOf));
      this.#listener.complete(channel);
      return true;
    } catch {
      return false;
    }
  }
}
