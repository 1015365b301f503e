import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StoredEvent } from '../contract/event.ts';
import type { Log } from '../lib/log.ts';
import { Adopter } from './adopter.ts';
import { BusError, type Gap } from './bus.ts';
import { KeeperLease } from './keeperLease.ts';
import type { KeeperOptions } from './keeperOptions.ts';
import { MissedAdoptions } from './missedAdoptions.ts';
import { RawEar } from './rawEar.ts';
import { RawQueue } from './rawQueue.ts';
import type { RedisBus } from './redisBus.ts';
import type { Said } from './redisEntries.ts';
import type { RedisLink } from './redisLink.ts';
import { redisPattern } from './redisNames.ts';

const TICK_MS = 1_000;
/** A marker that has not come back after so long is sent again. */
const MARKER_MS = 5_000;
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
  readonly #adopter: Adopter;
  readonly #missed: MissedAdoptions;
  readonly #ear: RawEar;
  #ticking = false;
  #opened = false;
  /** It took the lease where nobody was in step. Who is, and comes back, may have heard more, and takes it over. */
  #alone = false;
  #warned = '';
  #failed = '';
  #markerSent = Number.NEGATIVE_INFINITY;
  #stopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(link: RedisLink, bus: RedisBus, options: KeeperOptions, log: Log) {
    this.#link = link;
    this.#bus = bus;
    this.#options = options;
    this.#log = log;
    this.#lease = new KeeperLease(link, this.#app, options.adopt);
    this.#adopter = new Adopter(this.#queue, this.#lease, bus, options.counts, log);
    this.#missed = new MissedAdoptions(link, this.#queue);
    this.#ear = new RawEar(this.#queue, this.#lease, this.#adopter, options);
  }

  /** Before the bus starts, so that all is subscribed on one connection: raw publishes and adoptions come in their order. */
  start(): void {
    const { adopt } = this.#options;
    this.#bus.onNotice((notice) => this.#notice(notice));
    if (adopt.length > 0) {
      this.#link.hear(this.#link.names.marker, (marker) =>
        this.#ear.hearMarker(marker, marker.startsWith(`${this.#app}:`)),
      );
      this.#link.hearPatterns(adopt.map(redisPattern), (pattern, channel, payload) =>
        this.#ear.hear(pattern, channel, payload),
      );
    }
    this.#link.onListening(() => void this.#subscribed());
    this.#link.onStatus(() => {
      // It hears nothing, so it must not say to anybody that all before their marker is adopted.
      if (!this.#link.ready) this.#adopter.keeping = false;
      void this.#tick();
    });
    this.#timer = setInterval(() => void this.#tick(), TICK_MS);
  }

  /** Keeps what it has heard, as far as the time goes, and gives the lease back, so that another app goes on at once. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#timer);
    this.#adopter.adopt();
    await Promise.race([this.#adopter.done, sleep(DRAIN_MS, undefined, { ref: false })]);
    // What was sent is on its way ahead of the release, unless it has failed.
    const left = this.#adopter.keeping ? this.#queue.unsent : this.#queue.length;
    this.#adopter.keeping = false;
    if ((await this.#lease.release()) || left === 0) return;
    for (let i = 0; i < left; i++) this.#options.counts.odd('overflow');
    this.#log.warn({}, `The app ends, no other one is there, and ${left} raw publishes were not kept.`);
  }

  /** The bus knows where the store is: what comes after that will be heard, or read. */
  open(): void {
    // Adoptions up to there are not heard: what was heard before would wait for them for ever.
    if (!this.#opened) this.#queue.clear();
    this.#opened = true;
    this.#missed.forget();
    this.#queue.forgetEarly();
    void this.#begin();
  }

  /** An event came out of the log: if it was adopted, it waits no more. */
  event({ n, channel, data, raw, adopted }: StoredEvent): void {
    if (!adopted) return;
    this.#missed.heardOf(n);
    this.#queue.take(n, channel, raw ?? data);
  }

  /** What has left the log unheard may be adoptions. */
  gap({ until }: Gap): void {
    if (this.#options.adopt.length === 0) return;
    this.#missed.note(this.#bus.doorbell?.heard ?? 0, until);
    // What fails is asked again before this app adopts anything.
    this.#askForMissed().catch(() => undefined);
  }

  async #subscribed(): Promise<void> {
    this.#adopter.keeping = false;
    if (this.#opened) await this.#begin();
  }

  async #begin(): Promise<void> {
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

  #notice(notice: Said): void {
    const { n } = notice;
    if ('marker' in notice) {
      if (!this.#queue.passed(n, notice.marker)) return;
      this.#missed.passed(n);
      if (this.#lease.elsewhere) this.#alone = false;
    } else if ('dropped' in notice) this.#queue.take(n, ...notice.dropped);
    else if (!this.#adopter.keeping && this.#options.adopt.length > 0) void this.#sendMarker();
  }

  async #tick(): Promise<void> {
    if (this.#ticking || this.#stopped || !this.#link.ready || !this.#opened) return;
    this.#ticking = true;
    try {
      // A failed question is asked again while Redis remembers.
      if (this.#missed.pending) this.#askForMissed().catch(() => undefined);
      // A marker that got lost, with its connection or with the keeper that should have sent it back.
      const lost = !this.#queue.settled && performance.now() - this.#markerSent > MARKER_MS;
      if (lost) await this.#sendMarker();
      if (this.#ear.overflowed) await this.#getInStep();
      await this.#hold();
      if (this.#adopter.keeping) await this.#options.duty(this.#lease.terms);
      this.#failed = '';
    } catch (error) {
      this.#fails(error);
    } finally {
      this.#ticking = false;
    }
  }

  #fails(cause: unknown): void {
    const reason = cause instanceof BusError ? cause.reason : 'broken';
    if (reason === 'away' || reason === 'fenced') {
      this.#adopter.keeping = false;
      return;
    }
    const error = String(cause);
    if (error !== this.#failed) this.#log.error({ error }, 'The keeper failed; it goes on trying.');
    this.#failed = error;
  }

  /** Takes the lease or renews it. */
  async #hold(): Promise<void> {
    if (this.#stopped) return;
    // After a pause: first what came meanwhile, and whether anything still comes.
    if (this.#lease.lapsed) await this.#link.ask(() => this.#link.heardUpToNow());
    const { marker } = this.#queue;
    const held = this.#adopter.keeping;
    const eligible = this.#queue.settled && !this.#alone;
    const n = await this.#lease.hold({ held, eligible });
    if (n === undefined) {
      this.#adopter.keeping = false;
      this.#compareAdopt();
      if (this.#alone) {
        this.#alone = false;
        await this.#sendMarker();
      }
      return;
    }
    if (held) return;
    // What an earlier keeper has adopted must have left the queue before the rest is adopted.
    await this.#bus.doorbell?.reached(n);
    await this.#askForMissed();
    // It has subscribed anew meanwhile, and may have missed something: it begins again, and is no candidate.
    if (this.#stopped || !this.#link.ready || this.#queue.marker !== marker) return;
    this.#alone = !eligible;
    this.#queue.settleAlone();
    this.#queue.forgetSent();
    this.#adopter.keeping = true;
    this.#log.debug({}, 'This app is the keeper now.');
    this.#adopter.adopt();
  }

  async #askForMissed(): Promise<void> {
    const all = await this.#missed.ask(async (n) => this.#bus.doorbell?.reached(n));
    // Away for longer than Redis remembers: only a marker that another app sends back lets go of what was adopted meanwhile.
    if (!all) await this.#sendMarker();
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
    if (this.#adopter.keeping && this.#queue.full) return;
    this.#ear.overflowed = false;
    try {
      if (this.#adopter.keeping) await this.#lease.say({ anew: true }, this.#lease.terms);
      else await this.#sendMarker();
    } catch (error) {
      this.#ear.overflowed = true;
      throw error;
    }
  }
}
