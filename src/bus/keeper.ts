import { randomBytes } from 'node:crypto';
import { channelProblem, matches } from '../contract/channel.ts';
import { dataProblem, type StoredEvent } from '../contract/event.ts';
import { parsePayload } from '../contract/payload.ts';
import type { Log } from '../lib/log.ts';
import { BusError, type Lease } from './bus.ts';
import type { KeeperOptions } from './keeperOptions.ts';
import { type RawItem, RawQueue } from './rawQueue.ts';
import type { RedisBus } from './redisBus.ts';
import type { DoorbellNotice } from './redisEntries.ts';
import type { RedisLink } from './redisLink.ts';

const LEASE_MS = 5_000;
const TICK_MS = 1_000;
const BATCH = 256;
const MOST_WAITING = 100_000;

/**
 * One app of all that share a Redis is the keeper, by a short lease. It appends what `redis-cli publish` and the like say on
 * bare channels, so that these events have numbers and can be replayed, each once; every app hears them and could take over.
 */
export class Keeper {
  readonly #link: RedisLink;
  readonly #bus: RedisBus;
  readonly #options: KeeperOptions;
  readonly #log: Log;
  /** Apps that adopt nothing have a lease of their own: holding the others', they would keep those from adopting. */
  readonly #leaseKey: string;
  readonly #candidatesKey: string;
  readonly #app = randomBytes(9).toString('base64url');
  readonly #queue = new RawQueue();
  /** A new one for each taking: what an earlier taking has still under way is fenced by it. */
  #token = '';
  #before = '';
  #keeping = false;
  #adopting = false;
  #ticking = false;
  #markerSent = Number.NEGATIVE_INFINITY;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(link: RedisLink, bus: RedisBus, options: KeeperOptions, log: Log) {
    this.#link = link;
    this.#bus = bus;
    this.#options = options;
    this.#log = log;
    const { names } = link;
    const adopts = options.adopt.length > 0;
    this.#leaseKey = adopts ? names.lease : names.watchLease;
    this.#candidatesKey = adopts ? names.candidates : names.watchers;
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
    // The other connection may come back later than the listening one.
    this.#link.onStatus(() => void this.#tick());
    this.#timer = setInterval(() => void this.#tick(), TICK_MS);
  }

  /** Gives the lease back, so that another app goes on at once. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    if (!this.#keeping) return;
    this.#keeping = false;
    await this.#link
      .ask((redis) => redis.pinstreamRelease(this.#leaseKey, this.#candidatesKey, this.#token, this.#app))
      .catch(() => undefined);
  }

  /** An event came out of the log: if it was adopted, it waits no more. */
  event(event: StoredEvent): void {
    if (!event.adopted) return;
    this.#queue.take(event.channel, event.raw ?? event.data);
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
    this.#queue.pushMarker(marker);
    void this.#adopt();
  }

  #heard(pattern: string, channelBytes: Buffer, payload: Buffer): void {
    const channel = channelBytes.toString();
    // Redis sends a message once for each pattern that matches: the first of ours counts.
    const first = this.#options.adopt.find((own) => matches(own, channel));
    if (first === undefined || redisPattern(first) !== pattern || channelProblem(channel)) return;
    if (!channelBytes.equals(Buffer.from(channel))) return; // not UTF-8: several such names would become one
    const text = payload.toString();
    if (dataProblem(text)) {
      if (this.#keeping) this.#odd('too-large', channel, 'it is larger than 64 KiB');
      return;
    }
    if (this.#keeping && text.includes('\ufffd') && !payload.equals(Buffer.from(text)))
      this.#options.counts.odd('not-utf8');
    if (this.#queue.length >= MOST_WAITING) {
      this.#odd('overflow', channel, `more than ${MOST_WAITING} are waiting`);
      return;
    }
    this.#queue.push(channel, text);
    void this.#adopt();
  }

  #notice(notice: DoorbellNotice): void {
    if ('marker' in notice) this.#queue.passed(notice.marker);
    else this.#queue.take(...notice.dropped);
  }

  async #tick(): Promise<void> {
    if (this.#ticking || this.#stopped || !this.#link.ready) return;
    this.#ticking = true;
    try {
      // A marker that got lost, with its connection or with the keeper that should have sent it back.
      const lost = !this.#queue.settled && performance.now() - this.#markerSent > LEASE_MS;
      if (lost) await this.#sendMarker();
      await this.#hold();
      if (this.#keeping) await this.#options.duty({ key: this.#leaseKey, token: this.#token });
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
    if (!this.#keeping) {
      this.#before = this.#token;
      this.#token = randomBytes(12).toString('base64url');
    }
    const eligible = this.#queue.settled ? 1 : 0;
    const n = Number(
      await this.#link.ask((redis) =>
        redis.pinstreamLease(
          this.#leaseKey,
          this.#link.names.meta,
          this.#candidatesKey,
          this.#app,
          this.#token,
          this.#before,
          eligible,
          LEASE_MS,
        ),
      ),
    );
    if (n < 0) {
      this.#keeping = false;
      this.#token = this.#before;
      return;
    }
    if (this.#keeping) return;
    // What an earlier keeper has adopted must have left the queue before the rest is adopted.
    await this.#bus.doorbell?.reached(n);
    this.#queue.settleAlone();
    this.#queue.forgetSent();
    this.#keeping = true;
    this.#log.debug({}, 'This app is the keeper now.');
    void this.#adopt();
  }

  async #adopt(): Promise<void> {
    if (!this.#keeping || this.#adopting) return;
    this.#adopting = true;
    try {
      for (
        let batch = this.#queue.unsent(BATCH);
        this.#keeping && batch.length > 0;
        batch = this.#queue.unsent(BATCH)
      ) {
        for (const item of batch) item.sent = true;
        // All at once, on one connection, which keeps their order: a marker returns after what was heard before it.
        await Promise.all(
          batch.map((item) => this.#adoptOne(item, { key: this.#leaseKey, token: this.#token })),
        );
      }
    } finally {
      this.#adopting = false;
    }
  }

  async #adoptOne(item: RawItem, lease: Lease): Promise<void> {
    try {
      if (item.marker !== undefined) {
        await this.#say({ marker: item.marker });
        return;
      }
      const { renamed, ...payload } = parsePayload(item.text);
      if (renamed) this.#options.counts.odd('reserved-name');
      await this.#bus.append({ channel: item.channel, ...payload, at: Date.now() }, { lease, adopted: true });
      this.#options.counts.adopted();
    } catch (error) {
      const { reason, message } = error instanceof BusError ? error : new BusError('away', String(error));
      if (reason === 'full' || reason === 'owned')
        await this.#drop(item, reason, message).catch(() => undefined);
      // Fenced, or the answer was lost: whoever takes the lease next finds out what the log has.
      else this.#keeping = false;
    }
  }

  /** Nobody can keep it: the others must not try for ever, nor much later. */
  async #drop({ channel, text }: RawItem, reason: 'owned' | 'full', why: string): Promise<void> {
    this.#odd(reason, channel, why);
    await this.#say({ dropped: [channel, text] });
  }

  async #say(notice: DoorbellNotice): Promise<void> {
    await this.#link.ask((redis) => redis.publish(this.#link.names.doorbell, JSON.stringify(notice)));
  }

  #odd(reason: 'too-large' | 'owned' | 'full' | 'overflow', channel: string, why: string): void {
    this.#options.counts.odd(reason);
    this.#log.warn({ channel }, `A raw publish was not kept: ${why}`);
  }
}

/** Our pattern in Redis's own words, where ?, [, ] and \ mean something too. */
function redisPattern(pattern: string): string {
  return pattern.replace(/[?[\]\\]/g, '\\$&');
}
