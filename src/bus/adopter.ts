import { parsePayload } from '../contract/payload.ts';
import type { Log } from '../lib/log.ts';
import { BusError, type Lease } from './bus.ts';
import type { KeeperLease } from './keeperLease.ts';
import type { KeeperCounts, OddReason } from './keeperOptions.ts';
import type { RawItem, RawPublish, RawQueue } from './rawQueue.ts';
import type { RedisBus } from './redisBus.ts';

const BATCH = 256;

/** Gives the raw publishes of the queue their numbers, in its order, as long as its app is the keeper. */
export class Adopter {
  /** Whether this app is the keeper, as far as is known. */
  keeping = false;
  /** Resolves when nothing was left to be adopted, or it was no longer for this app to do. */
  done = Promise.resolve();
  readonly #queue: RawQueue;
  readonly #lease: KeeperLease;
  readonly #bus: RedisBus;
  readonly #counts: KeeperCounts;
  readonly #log: Log;
  #adopting = false;

  constructor(queue: RawQueue, lease: KeeperLease, bus: RedisBus, counts: KeeperCounts, log: Log) {
    this.#queue = queue;
    this.#lease = lease;
    this.#bus = bus;
    this.#counts = counts;
    this.#log = log;
  }

  /** Begins, or goes on with what has come to the queue since. */
  adopt(): void {
    if (this.keeping && !this.#adopting) this.done = this.#adoptAll();
  }

  /** A raw publish that is not kept. */
  odd(reason: OddReason, channel: string, why: string): void {
    this.#counts.odd(reason);
    this.#log.warn({ channel }, `A raw publish was not kept: ${why}`);
  }

  async #adoptAll(): Promise<void> {
    this.#adopting = true;
    try {
      let batch = this.#queue.send(BATCH);
      while (batch.length > 0) {
        // All at once, on one connection, which keeps their order.
        await Promise.all(batch.map((item) => this.#adoptOne(item, this.#lease.terms)));
        batch = this.keeping ? this.#queue.send(BATCH) : [];
      }
    } finally {
      this.#adopting = false;
    }
  }

  async #adoptOne(item: RawItem, lease: Lease): Promise<void> {
    try {
      if ('marker' in item) {
        await this.#lease.say({ marker: item.marker }, lease);
        return;
      }
      const { renamed, ...payload } = parsePayload(item.text);
      if (renamed) this.#counts.odd('reserved-name');
      await this.#bus.append({ channel: item.channel, ...payload, at: item.at }, { lease, adopted: true });
      this.#counts.adopted();
    } catch (error) {
      const { reason, message } = error instanceof BusError ? error : new BusError('away', String(error));
      if (reason === 'away' || reason === 'fenced') this.keeping = false;
      else if ('text' in item) await this.#drop(item, lease, reason, message);
    }
  }

  /** Nobody can keep it: the others must not try for ever, nor much later. */
  async #drop({ channel, text }: RawPublish, lease: Lease, reason: OddReason, why: string): Promise<void> {
    this.odd(reason, channel, why);
    await this.#lease.say({ dropped: [channel, text] }, lease).catch(() => {
      this.keeping = false;
    });
  }
}
