import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Log } from '../lib/log.ts';
import { BusError } from './bus.ts';
import { type Hearer, Hearing, type PatternHearer } from './hearing.ts';
import { type RedisNames, redisNames } from './redisNames.ts';
import { connectionOf, type RedisAddress } from './redisOptions.ts';
import { busErrorOf, sentenceOf } from './redisTrouble.ts';
import { appendScript, type RedisScripts, scripts } from './scripts.ts';

/** How often the listening connection is asked something: nobody else would notice that it is dead. */
const PING_MS = 3_000;
const GOODBYE_MS = 500;

/**
 * The two connections of one process to its Redis: one that sends, one that listens. Neither queues what is said while it is
 * down, nor says again what was under way: a delayed append would carry a false time, and one for another server process
 * (`runId`) would be numbered wrongly. Who sent it decides.
 */
export class RedisLink {
  readonly names: RedisNames;
  readonly send: Redis & RedisScripts;
  readonly #ear: Redis;
  readonly #hearing: Hearing;
  readonly #log: Log;
  readonly #where: string;
  readonly #onListening: (() => void)[] = [];
  readonly #onStatus: (() => void)[] = [];
  #runId: string | undefined;
  /** The server process that the listening connection reached. */
  #earRunId: string | undefined;
  #listening = false;
  /** Why the last try failed; undefined before the first one has. */
  #problem: string | undefined;
  #told: boolean | undefined;
  #ping: NodeJS.Timeout | undefined;
  /** The connection that what is said in this turn waits on. */
  #gathers: Redis['stream'] | undefined;
  #started = false;
  #closed = false;

  constructor(address: RedisAddress, log: Log) {
    const { options, where, db } = connectionOf(address);
    this.names = redisNames(address.prefix, db);
    this.#hearing = new Hearing(this.names.doorbell);
    this.#where = where;
    this.#log = log;
    this.send = new Redis({ ...options, scripts }) as Redis & RedisScripts;
    this.#ear = new Redis(options);
  }

  /** Hears a channel; also one that is named when the rest is subscribed already. */
  hear(channel: string, hearer: Hearer): void {
    this.#hearing.add(channel, hearer);
    if (this.#listening) this.#hearing.subscribe(this.#ear).catch(() => this.#ear.disconnect(true));
    else if (this.#started) setImmediate(() => this.#listen());
  }

  /** Hears raw publishes. */
  hearPatterns(patterns: readonly string[], hearer: PatternHearer): void {
    this.#hearing.addPatterns(patterns, hearer);
  }

  /** Called each time that all is subscribed: what was published before may have been missed. */
  onListening(done: () => void): void {
    this.#onListening.push(done);
    if (this.#listening) done();
  }

  onStatus(changed: () => void): void {
    this.#onStatus.push(changed);
  }

  /** Connects once, whoever of bus and board comes first; does not wait for the answer. */
  start(): void {
    if (this.#started) return;
    this.#started = true;
    this.send.on('ready', () => void this.#sendReady());
    this.send.on('close', () => this.#lost());
    this.send.on('error', (error) => this.#fails(error));
    this.send.connect().catch(() => undefined);
    // What bus and board want to hear is known once all of them have started, at the end of this turn.
    setImmediate(() => this.#listen());
  }

  get ready(): boolean {
    return this.#runId !== undefined && (this.#listening || !this.#hearing.any);
  }

  get problem(): string {
    return `Redis at ${this.#where} cannot be reached: ${this.#problem ?? 'it has not answered yet.'}`;
  }

  /** The server process that the sending connection reached. Throws while there is none. */
  get runId(): string {
    if (this.#runId === undefined) throw new BusError('away', this.problem);
    return this.#runId;
  }

  /** Does something with Redis; what goes wrong with the connection becomes one kind of error. */
  async ask<T>(work: (redis: Redis & RedisScripts) => Promise<T>): Promise<T> {
    try {
      return await work(this.#gathering);
    } catch (error) {
      throw busErrorOf(error, this.problem);
    }
  }

  /**
   * Redis, for what is sent in this turn of the event loop: all of it leaves as one write, at its end. Throws while it is away.
   */
  get #gathering(): Redis & RedisScripts {
    if (this.#runId === undefined) throw new BusError('away', this.problem);
    const { stream } = this.send;
    if (this.#gathers !== stream) {
      this.#gathers = stream;
      stream.cork();
      setImmediate(() => {
        if (this.#gathers === stream) this.#gathers = undefined;
        stream.uncork();
      });
    }
    return this.send;
  }

  /** Listens on a new connection: the present one leaves something out, whatever it says. */
  listenAnew(): void {
    this.#ear.disconnect(true);
  }

  /** Resolves when all that Redis has pushed to the listening connection before now has been heard. */
  async heardUpToNow(): Promise<void> {
    await this.#ear.ping();
  }

  /** Says goodbye, so that Redis knows at once who has gone; a Redis that does not answer is not waited for. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#ping);
    const goodbye = Promise.allSettled(
      [this.send, this.#ear].map((one) => one.status === 'ready' && one.quit()),
    );
    const enough = new AbortController();
    await Promise.race([
      goodbye,
      sleep(GOODBYE_MS, undefined, { signal: enough.signal }).catch(() => undefined),
    ]);
    enough.abort();
    this.send.disconnect();
    this.#ear.disconnect();
  }

  #listen(): void {
    if (!this.#hearing.any || this.#closed || this.#ear.status !== 'wait') return;
    this.#hearing.on(this.#ear);
    this.#ear.on('ready', () => void this.#subscribe());
    this.#ear.on('close', () => {
      this.#listening = false;
      this.#lost();
    });
    this.#ear.on('error', (error) => this.#fails(error));
    this.#ear.connect().catch(() => undefined);
    this.#ping = setInterval(() => this.#ear.ping().catch(() => undefined), PING_MS);
  }

  async #sendReady(): Promise<void> {
    try {
      // Known to Redis before they are used: one that must be sent whole first could be overtaken by a later one.
      const all = [appendScript, ...Object.values(scripts)];
      await Promise.allSettled(all.map(({ lua }) => this.send.script('LOAD', lua)));
      this.#runId = await runIdOf(this.send);
      // A failover: who has come last knows where Redis is now.
      if (this.#listening && this.#earRunId !== this.#runId) this.listenAnew();
      this.#tell();
    } catch (error) {
      this.#fails(error as Error);
      this.send.disconnect(true);
    }
  }

  async #subscribe(): Promise<void> {
    try {
      this.#earRunId = await runIdOf(this.#ear);
      await this.#hearing.subscribe(this.#ear);
      this.#listening = true;
      // Only now: the other one may have reached a new server while this one was subscribing.
      if (this.#runId !== undefined && this.#runId !== this.#earRunId) {
        this.#runId = undefined;
        this.send.disconnect(true);
      }
      // First those who may have missed something: that all is well is not for them to hear before they know.
      for (const done of this.#onListening) done();
      this.#tell();
    } catch (error) {
      this.#fails(error as Error);
      this.#ear.disconnect(true);
    }
  }

  #lost(): void {
    if (this.send.status !== 'ready') this.#runId = undefined;
    this.#problem ??= 'it closed the connection.';
    this.#tell();
  }

  #fails(error: Error): void {
    this.#problem = sentenceOf(error);
  }

  /** One line when Redis is away, one when it is back, however often it is tried in between. */
  #tell(): void {
    if (this.ready) this.#problem = undefined;
    if (this.#closed || this.#told === this.ready) return;
    if (!this.ready && this.#problem === undefined) return;
    if (this.ready) this.#log.info({}, `Redis at ${this.#where} is there.`);
    else this.#log.warn({}, `${this.problem} Pinstream goes on trying.`);
    this.#told = this.ready;
    for (const changed of this.#onStatus) changed();
  }
}

/** Which process of Redis answers: another one after each restart and failover. */
async function runIdOf(redis: Redis): Promise<string> {
  return /^run_id:(\w+)/m.exec(await redis.info('server'))?.[1] ?? 'unknown';
}
