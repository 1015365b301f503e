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
  /** Who has waited longest for a look comes first. */
  #asking = new Set<Poll>();
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

  /**
   * Begins where the first one is, and takes along who is there or beyond. Were it to begin at whoever is farthest behind,
   * readers who catch up would keep the others from an event that has long come.
   */
  async #look(): Promise<void> {
    const [first] = this.#asking;
    if (first === undefined) return;
    const { after } = first;
    const asking = [...this.#asking];
    this.#asking = new Set();
    const along = new Set(asking.filter((poll) => poll.after >= after));
    const limit = Math.max(...Array.from(along, (poll) => poll.limit));
    try {
      const page = await this.#bus.since({ channels: this.#channels, after, limit });
      for (const poll of along) if (!poll.over && !poll.take(page, after)) along.delete(poll);
    } catch (error) {
      for (const poll of along) poll.fail(error);
    }
    // Who is not served keeps its place before those who have asked meanwhile.
    const left = asking.filter((poll) => !poll.over && !along.has(poll));
    this.#asking = new Set([...left, ...this.#asking]);
  }
}
