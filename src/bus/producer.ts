import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { NewEvent } from '../contract/event.ts';
import { type Appended, type AppendTerms, type Bus, BusError, entryBytes } from './bus.ts';

export interface ProducerOptions {
  /** Events that may wait; beyond it the oldest is given up. */
  readonly limit?: number;
  /** Bytes of names and data that may wait; beyond it the oldest is given up. What is made when its turn comes has none yet. */
  readonly bytes?: number;
  /** Milliseconds that an event may wait for a store that is away; endless if left out. */
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
  readonly bytes: number;
  readonly patience: number;
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
  #bytes = 0;
  #seq = 0;
  #pumping = false;
  /** When the store was last known to be there. */
  #answeredAt = Number.NEGATIVE_INFINITY;

  constructor(bus: Bus, options: ProducerOptions = {}) {
    this.#bus = bus;
    this.#options = options;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  send(load: Load, patience = this.#options.patience ?? Number.POSITIVE_INFINITY): Promise<Appended> {
    if (this.#stop.signal.aborted) return Promise.reject(new GaveUp('What should send it is closed.'));
    return new Promise((resolve, reject) => {
      const bytes = typeof load === 'function' ? 0 : entryBytes(load);
      this.#waiting.push({ load, bytes, patience, since: performance.now(), resolve, reject });
      this.#bytes += bytes;
      this.#dropBeyondLimits();
      if (!this.#pumping) void this.#pump();
    });
  }

  /** Gives up what still waits. */
  close(): void {
    this.#stop.abort();
    this.#bytes = 0;
    for (const item of this.#waiting.splice(0)) {
      item.reject(new GaveUp('The end came before the store could be reached.'));
    }
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    for (let item = this.#waiting[0]; item; item = this.#waiting[0]) {
      await this.#deliver(item);
      if (this.#waiting[0] === item) this.#take(0);
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
        const appended = await this.#bus.append(sending.event, terms);
        this.#answeredAt = performance.now();
        item.resolve(appended);
        return;
      } catch (error) {
        if (!(error instanceof BusError) || error.reason !== 'away') {
          item.reject(error as Error);
          return;
        }
        if (this.#waiting[0] !== item) return;
        const left = this.#patienceLeft(item);
        if (left <= 0) {
          item.reject(new GaveUp(`Given up after ${item.patience / 1000} s: ${error.message}`));
          return;
        }
        await sleep(Math.min(pause, left), undefined, { signal: this.#stop.signal }).catch(() => undefined);
        if (this.#stop.signal.aborted) return;
      }
    }
  }

  /** While the store takes one event after another, those behind wait for these, not for the store: that counts for nothing. */
  #patienceLeft({ since, patience }: Waiting): number {
    return Math.max(since, this.#answeredAt) + patience - performance.now();
  }

  #dropBeyondLimits(): void {
    const { limit = Number.POSITIVE_INFINITY, bytes = Number.POSITIVE_INFINITY } = this.#options;
    while (this.#waiting.length > limit || this.#bytes > bytes) {
      const what = this.#waiting.length > limit ? `${limit} events` : `${bytes / 1_048_576} MiB`;
      // An append of the first one may be under way, and may yet succeed: the second one is the oldest that surely waits.
      const dropped = this.#take(this.#waiting.length > 1 ? 1 : 0);
      dropped?.reject(new GaveUp(`More than ${what} waited for the store: the oldest was dropped.`));
    }
  }

  #take(at: number): Waiting | undefined {
    const [item] = this.#waiting.splice(at, 1);
    this.#bytes -= item?.bytes ?? 0;
    return item;
  }
}
