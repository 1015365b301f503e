import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { channelProblem, matches } from '../contract/channel.ts';
import { dataProblem, type StoredEvent } from '../contract/event.ts';
import { parsePayload } from '../contract/payload.ts';
import type { Log } from '../lib/log.ts';
import { BusError, type Lease } from './bus.ts';
import { KeeperLease } from './keeperLease.ts';
import type { KeeperOptions, OddReason } from './keeperOptions.ts';
import { type RawItem, type RawPublish, RawQueue } from './rawQueue.ts';
import type { RedisBus } from './redisBus.ts';
import type { DoorbellNotice } from './redisEntries.ts';
import type { RedisLink } from './redisLink.ts';
import { redisPattern } from './redisNames.ts';

const TICK_MS = 1_000;
/** A marker that has not come back after so long is sent again. */
const MARKER_MS = 5_000;
const BATCH = 256;
/** How long an app that ends goes on with what it has heard. */
const DRAIN_MS = 800;

/**
 * One app of all that share a Redis is the keeper, by a short lease. It appends what `redis-cli publish` and the like say on
 * bare channels, so that these events have numbers and can be replayed, each once; every app hears them and could take over.
 */
export class Keeper {
  readonly #link: RedisLink;
  readonly #bus: RedisBus;
  readonly #options: KeeperOptions;
  readonly #log: Log;
  readonly #lease: KeeperLease;
  readonly #app = randomBytes(9).toString('base64url');
  readonly #queue = new RawQueue();
  #keeping = false;
  #adopting = false;
  /** Resolves when nothing was left to be adopted, or it was no longer for this app to do. */
  #adopted = Promise.resolve();
  #ticking = false;
  /** Something was heard that this queue had no room for: it is no longer in step with the others'. */
  #overflowed = false;
  #warned = '';
  #markerSent = Number.NEGATIVE_INFINITY;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(link: RedisLink, bus: RedisBus, options: KeeperOptions, log: Log) {
    this.#link = link;
    this.#bus = bus;
    this.#options = options;
    this.#log = log;
    this.#lease = new KeeperLease(link, this.#app, options.adopt);
  }

  /** Before the bus starts, so that all is subscribed on one connection: raw publishes and adoptions come in their order. */
  start(): void {
    const { adopt } = this.#options;
    this.#bus.onNotice((notice) => this.#notice(notice));
    if (adopt.length > 0) {
      this.#link.hear(this.#link.names.marker, (marker) => this.#heardMarker(marker));
      this.#link.hearPatterns(adopt.map(redisPattern), (pattern, channel, payload) =>
        this.#heard(pattern, channel, payload),
      );
    }
    this.#link.onListening(() => void this.#subscribed());
    this.#link.onStatus(() => void this.#tick());
    this.#timer = setInterval(() => void this.#tick(), TICK_MS);
  }

  /** Keeps what it has heard, as far as the time goes, and gives the lease back, so that another app goes on at once. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#adopt();
    await Promise.race([this.#adopted, sleep(DRAIN_MS, undefined, { ref: false })]);
    // What was sent is on its way ahead of the release, unless it has failed.
    const left = this.#keeping ? this.#queue.unsent : this.#queue.length;
    this.#keeping = false;
    if ((await this.#lease.release()) || left === 0) return;
    for (let i = 0; i < left; i++) this.#options.counts.odd('overflow');
    this.#log.warn({}, `The app ends, no other one is there, and ${left} raw publishes were not kept.`);
  }

  /** What is gone from the log unheard may be adoptions: only a marker that comes after these lets go of what they were of. */
  gap(): void {
    if (this.#options.adopt.length > 0) void this.#sendMarker();
  }

  /** An event came out of the log: if it was adopted, it waits no more. */
  event(event: StoredEvent): void {
    if (event.adopted) this.#queue.take(event.channel, event.raw ?? event.data);
  }

  async #subscribed(): Promise<void> {
    this.#keeping = false;
    if (this.#options.adopt.length > 0) await this.#sendMarker();
    await this.#tick();
  }

  async #sendMarker(): Promise<void> {
    const marker = `${this.#app}:${randomBytes(6).toString('base64url')}`;
    this.#queue.unsettle(marker);
    this.#markerSent = performance.now();
    await this.#link
      .ask((redis) => redis.publish(this.#link.names.marker, marker))
      .catch(() => {
        this.#markerSent = Number.NEGATIVE_INFINITY;
      });
  }

  #heardMarker(marker: string): void {
    // Its own always: without its place among the raw publishes nobody knows which of them are adopted when it is back.
    if (!this.#queue.full || marker.startsWith(`${this.#app}:`)) this.#queue.pushMarker(marker);
    this.#adopt();
  }

  #heard(pattern: string, channelBytes: Buffer, payload: Buffer): void {
    const channel = channelBytes.toString();
    // Redis sends a message once for each pattern that matches: the first of ours counts.
    const first = this.#options.adopt.find((own) => matches(own, channel));
    if (first === undefined || redisPattern(first) !== pattern || channelProblem(channel)) return;
    if (!this.#lease.wants(channel)) return;
    if (!channelBytes.equals(Buffer.from(channel))) return; // not UTF-8: several such names would become one
    const text = payload.toString();
    if (dataProblem(text)) {
      if (this.#keeping) this.#odd('too-large', channel, 'it is larger than 64 KiB');
      return;
    }
    if (this.#keeping && text.includes('\ufffd') && !payload.equals(Buffer.from(text)))
      this.#options.counts.odd('not-utf8');
    if (!this.#queue.full) this.#queue.push(channel, text, Date.now());
    else {
      this.#overflowed = true;
      if (!this.#lease.elsewhere) this.#odd('overflow', channel, 'too many are waiting');
    }
    this.#adopt();
  }

  #notice(notice: DoorbellNotice): void {
    if ('marker' in notice) this.#queue.passed(notice.marker);
    else if ('dropped' in notice) this.#queue.take(...notice.dropped);
    else if (!this.#keeping && this.#options.adopt.length > 0) void this.#sendMarker();
  }

  async #tick(): Promise<void> {
    if (this.#ticking || this.#stopped || !this.#link.ready) return;
    this.#ticking = true;
    try {
      // A marker that got lost, with its connection or with the keeper that should have sent it back.
      const lost = !this.#queue.settled && performance.now() - this.#markerSent > MARKER_MS;
      if (lost) await this.#sendMarker();
      await this.#hold();
      if (this.#overflowed) await this.#getInStep();
      if (this.#keeping) await this.#options.duty(this.#lease.terms);
    } catch (error) {
      this.#keeping = false;
      if (!(error instanceof BusError))
        this.#log.error({ error: String(error) }, 'The keeper failed; it tries again.');
    } finally {
      this.#ticking = false;
    }
  }

  /** Takes the lease or renews it. */
  async #hold(): Promise<void> {
    if (this.#stopped) return;
    const { marker } = this.#queue;
    const n = await this.#lease.hold({ held: this.#keeping, eligible: this.#queue.settled });
    if (n === undefined) {
      this.#keeping = false;
      this.#compareAdopt();
      return;
    }
    if (this.#keeping) return;
    // What an earlier keeper has adopted must have left the queue before the rest is adopted.
    await this.#bus.doorbell?.reached(n);
    // It has subscribed anew meanwhile, and may have missed something: it begins again, and is no candidate.
    if (this.#stopped || this.#queue.marker !== marker) return;
    this.#queue.settleAlone();
    this.#queue.forgetSent();
    this.#keeping = true;
    this.#log.debug({}, 'This app is the keeper now.');
    this.#adopt();
  }

  /** The keeper's ADOPT decides. Where it differs from this app's, that is a mistake, and is said. */
  #compareAdopt(): void {
    const { difference } = this.#lease;
    if (difference === undefined) return;
    this.#queue.keepOnly((channel) => this.#lease.wants(channel));
    if (difference !== this.#warned) this.#log.warn({}, difference);
    this.#warned = difference;
  }

  /** After an overflow the queues differ. The keeper's counts, and the others begin anew with a marker. */
  async #getInStep(): Promise<void> {
    if (this.#keeping && this.#queue.full) return;
    this.#overflowed = false;
    if (this.#keeping) await this.#lease.say({ anew: true }, this.#lease.terms);
    else await this.#sendMarker();
  }

  #adopt(): void {
    if (this.#keeping && !this.#adopting) this.#adopted = this.#adoptAll();
  }

  async #adoptAll(): Promise<void> {
    this.#adopting = true;
    try {
      let batch = this.#queue.send(BATCH);
      while (batch.length > 0) {
        // All at once, on one connection, which keeps their order: a marker returns after what was heard before it.
        await Promise.all(batch.map((item) => this.#adoptOne(item, this.#lease.terms)));
        batch = this.#keeping ? this.#queue.send(BATCH) : [];
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
      if (renamed) this.#options.counts.odd('reserved-name');
      await this.#bus.append({ channel: item.channel, ...payload, at: item.at }, { lease, adopted: true });
      this.#options.counts.adopted();
    } catch (error) {
      const { reason, message } = error instanceof BusError ? error : new BusError('away', String(error));
      if (reason === 'away' || reason === 'fenced') this.#keeping = false;
      else if ('text' in item) await this.#drop(item, lease, reason, message);
    }
  }

  /** Nobody can keep it: the others must not try for ever, nor much later. */
  async #drop({ channel, text }: RawPublish, lease: Lease, reason: OddReason, why: string): Promise<void> {
    this.#odd(reason, channel, why);
    await this.#lease.say({ dropped: [channel, text] }, lease).catch(() => {
      this.#keeping = false;
    });
  }

  #odd(reason: OddReason, channel: string, why: string): void {
    this.#options.counts.odd(reason);
    this.#log.warn({ channel }, `A raw publish was not kept: ${why}`);
  }
}
