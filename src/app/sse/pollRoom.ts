import type { Bus } from '../../bus/bus.ts';
import type { Poll } from './poll.ts';
import type { ReadLimit } from './readLimit.ts';

/**
 * The polls that wait for the same channels. What wakes one wakes all of them, and one look at the log answers all: a
 * thousand that wait for one event cost one read.
 */
export class PollRoom {
  readonly polls = new Set<Poll>();
  readonly #channels: readonly string[];
  readonly #bus: Bus;
  readonly #limit: ReadLimit;
  readonly #asking = new Set<Poll>();
  #reading = false;

  constructor(channels: readonly string[], bus: Bus, limit: ReadLimit) {
    this.#channels = channels;
    this.#bus = bus;
    this.#limit = limit;
  }

  /** Somebody needs a look at the log that begins after now. */
  ask(poll: Poll): void {
    this.#asking.add(poll);
    if (!this.#reading) void this.#read();
  }

  leave(poll: Poll): void {
    this.polls.delete(poll);
    this.#asking.delete(poll);
  }

  /** Those who ask while a look is under way get the next one: what they wait for may be too new for this one. */
  async #read(): Promise<void> {
    this.#reading = true;
    await Promise.resolve(); // all who are woken in this turn share the look
    while (this.#asking.size > 0) await this.#limit.take(() => this.#look());
    this.#reading = false;
  }

  async #look(): Promise<void> {
    const asking = [...this.#asking];
    this.#asking.clear();
    if (asking.length === 0) return;
    const after = asking.reduce((least, poll) => Math.min(least, poll.after), Number.POSITIVE_INFINITY);
    const limit = asking.reduce((most, poll) => Math.max(most, poll.limit), 1);
    try {
      const page = await this.#bus.since({ channels: this.#channels, after, limit });
      for (const poll of asking) if (!poll.over && !poll.take(page, after)) this.#asking.add(poll);
    } catch (error) {
      for (const poll of asking) poll.fail(error);
    }
  }
}
