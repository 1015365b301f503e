import { channelProblem, matches } from '../contract/channel.ts';
import { dataProblem } from '../contract/event.ts';
import type { Adopter } from './adopter.ts';
import type { KeeperLease } from './keeperLease.ts';
import type { KeeperOptions } from './keeperOptions.ts';
import type { RawQueue } from './rawQueue.ts';
import { redisPattern } from './redisNames.ts';

/** Takes what is heard on bare channels into the queue: that of it which can be kept, and is this installation's. */
export class RawEar {
  /** Something was heard that the queue had no room for: it is no longer in step with the others'. */
  overflowed = false;
  readonly #queue: RawQueue;
  readonly #lease: KeeperLease;
  readonly #adopter: Adopter;
  readonly #options: KeeperOptions;

  constructor(queue: RawQueue, lease: KeeperLease, adopter: Adopter, options: KeeperOptions) {
    this.#queue = queue;
    this.#lease = lease;
    this.#adopter = adopter;
    this.#options = options;
  }

  hear(pattern: string, channelBytes: Buffer, payload: Buffer): void {
    const channel = channelBytes.toString();
    // Redis sends a message once for each pattern that matches: the first of ours counts.
    const first = this.#options.adopt.find((own) => matches(own, channel));
    if (first === undefined || redisPattern(first) !== pattern || channelProblem(channel)) return;
    if (!this.#lease.wants(channel)) return;
    if (!channelBytes.equals(Buffer.from(channel))) return; // not UTF-8: several such names would become one
    const text = payload.toString();
    const { keeping } = this.#adopter;
    if (dataProblem(text)) {
      if (keeping) this.#adopter.odd('too-large', channel, 'it is larger than 64 KiB');
      return;
    }
    if (keeping && text.includes('\ufffd') && !payload.equals(Buffer.from(text)))
      this.#options.counts.odd('not-utf8');
    if (!this.#queue.full) this.#queue.push(channel, text, Date.now());
    else {
      this.overflowed = true;
      if (!this.#lease.elsewhere) this.#adopter.odd('overflow', channel, 'too many are waiting');
    }
    this.#adopter.adopt();
  }

  /** `own`: without the place of its own marker among the raw publishes nobody knows which of them are adopted when it is back. */
  hearMarker(marker: string, own: boolean): void {
    if (!this.#queue.full || own) this.#queue.pushMarker(marker);
    this.#adopter.adopt();
  }
}
