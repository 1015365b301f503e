import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NewEvent } from '../contract/event.ts';
import { type Appended, type AppendTerms, type Bus, BusError } from './bus.ts';

export interface ProducerOptions {
  /** Events that may wait; beyond it the oldest is given up. */
  readonly limit?: number;
  /** Milliseconds that an event may wait for the store; endless if left out. */
  readonly patience?: number;
  readonly terms?: AppendTerms;
}

/** An event, or what makes it when its turn has come. */
type Load = NewEvent | (() => Promise<Sending> | Sending);
export interface Sending {
  readonly event: NewEvent;
  readonly terms?: AppendTerms;
}

interface Waiting {
  readonly load: Load;
  readonly since: number;
  readonly resolve: (appended: Appended) => void;
  readonly reject: (error: Error) => void;
}

/** An event that a producer did not get into the store. */
export class GaveUp extends Error {
  override readonly name = 'GaveUp';
}

const FIRST_PAUSE = 50;
const LONGEST_PAUSE = 2_000;

/**
 * One start of something that appends. What it sends is appended in order, each once, through outages of the store:
 * a retried append carries the same sequence, so that one whose answer got lost is not appended twice.
 *
 * One append is under way at a time: were two, and the first one failed, the second one's sequence would make the first
 * one's retry look like a repetition, and it would be lost.
 */
export class Producer {
  readonly id = randomBytes(9).toString('base64url');
  readonly #bus: Bus;
  readonly #options: ProducerOptions;
  readonly #waiting: Waiting[] = [];
  readonly #stop = new AbortController();
  #seq = 0;
  #pumping = false;

  constructor(bus: Bus, options: ProducerOptions = {}) {
    this.#bus = bus;
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  send(load: Load): Promise<Appended> {
    if (this.#stop.signal.aborted) return Promise.reject(new GaveUp('This producer is closed.'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ load, since: performance.now(), resolve, reject });
      this.#dropBeyondLimit();
      if (!this.#pumping) void this.#pump();
    });
  }

  /** Gives up what still waits. */
  close(): void {
    this.#stop.abort();
    for (const item of this.#waiting.splice(0)) {
      item.reject(new GaveUp('The process ended before the store could be reached.'));
    }
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    for (let item = this.#waiting[0]; item; item = this.#waiting[0]) {
      await this.#deliver(item);
      if (this.#waiting[0] === item) this.#waiting.shift();
    }
    this.#pumping = false;
  }

  async #deliver(item: Waiting): Promise<void> {
    const seq = ++this.#seq;
    let sending: Sending | undefined;
    for (let pause = FIRST_PAUSE; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      try {
        sending ??= typeof item.load === 'function' ? await item.load() : { event: item.load };
        const terms = { ...this.#options.terms, ...sending.terms, producer: { id: this.id, seq } };
        item.resolve(await this.#bus.append(sending.event, terms));
        return;
      } catch (error) {
        if (!(error instanceof BusError) || error.reason !== 'away') {
          item.reject(error as Error);
          return;
        }
        if (this.#waiting[0] !== item) return;
        if (performance.now() - item.since >= (this.#options.patience ?? Number.POSITIVE_INFINITY)) {
          item.reject(
            new GaveUp(`Given up after ${(this.#options.patience ?? 0) / 1000} s: ${error.message}`),
          );
          return;
        }
        await sleep(pause, undefined, { signal: this.#stop.signal }).catch(() => undefined);
        if (this.#stop.signal.aborted) return;
      }
    }
  }

  #dropBeyondLimit(): void {
    const limit = this.#options.limit ?? Number.POSITIVE_INFINITY;
    while (this.#waiting.length > limit) {
      // An append of the first one may be under way, and may yet succeed: the second one is the oldest that surely waits.
      const [dropped] = this.#waiting.splice(this.#waiting.length > 1 ? 1 : 0, 1);
      dropped?.reject(new GaveUp(`More than ${limit} events waited for the store: the oldest was dropped.`));
    }
  }
}
