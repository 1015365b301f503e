import { randomInt } from 'node:crypto';
import { isPattern, matches } from '../contract/channel.ts';
import { type Cursor, newEpoch } from '../contract/cursor.ts';
import type { NewEvent } from '../contract/event.ts';
import { AppendCommand, AppendWords } from './appendCommand.ts';
import {
  type Appended,
  type AppendTerms,
  type Bus,
  BusError,
  type BusStatus,
  type ChannelInfo,
  forHardwareOnly,
  type Latest,
  type LatestQuery,
  type Listener,
  PAGE_BYTES,
  PAGE_EVENTS,
  type Page,
  type SinceQuery,
  STORE_FULL,
  type StoreLimits,
} from './bus.ts';
import { Doorbell } from './doorbell.ts';
import { readChannels } from './redisChannels.ts';
import { readEntry, readRing, type Said } from './redisEntries.ts';
import { readLatest } from './redisLatest.ts';
import type { RedisLink } from './redisLink.ts';
import { readUsage } from './redisUsage.ts';

/** How often it is checked that nothing was missed while the connection looked healthy. */
const QUIET_CHECK_MS = 3_000;
/** Entries that one script looks through for the tails of logs. */
const TAIL_ENTRIES = 2_000;

/** The bus of all processes that share a Redis. */
export class RedisBus implements Bus {
  readonly #link: RedisLink;
  /** As the scripts take them: LOG_LENGTH, LOG_AGE in seconds, MAX_CHANNELS, STORE_BYTES. */
  readonly #limits: string;
  readonly #words: AppendWords;
  #quietCheck: NodeJS.Timeout | undefined;
  #notice: ((notice: Said) => void) | undefined;
  doorbell: Doorbell | undefined;

  constructor(link: RedisLink, limits: StoreLimits) {
    this.#link = link;
    const { logLength, logAge, maxChannels, storeBytes } = limits;
    this.#limits = [logLength, Math.ceil(logAge / 1000), maxChannels, Math.floor(storeBytes)].join(' ');
    this.#words = new AppendWords(link.names, this.#limits);
  }

  /** What rings the doorbell without being an event: the keeper's words to the other apps. */
  onNotice(notice: (notice: Said) => void): void {
    this.#notice = notice;
  }

  async start(listener?: Listener): Promise<void> {
    if (listener) this.#listen(listener);
    this.#link.start();
  }

  async append(event: NewEvent, terms: AppendTerms = {}): Promise<Appended> {
    const answer = await this.#send(new AppendCommand(this.#words.of(event, terms, this.#link.runId)));
    const dash = answer.indexOf('-');
    if (dash > 0) {
      // What follows a number is that it is a duplicate.
      const n = Number.parseInt(answer.slice(dash + 1), 10);
      return { epoch: answer.slice(0, dash), n, duplicate: answer.endsWith('duplicate') };
    }
    if (answer === 'fenced') throw new BusError('fenced', 'It is no longer for this app to say.');
    if (answer === 'owned') throw new BusError('owned', forHardwareOnly(event.channel));
    throw new BusError('full', STORE_FULL);
  }

  async since({ channels, after, upTo, limit = PAGE_EVENTS }: SinceQuery): Promise<Page> {
    const { names } = this.#link;
    const literal = channels.filter((channel) => !isPattern(channel));
    const reply = await this.#link.ask((redis) =>
      redis.pinstreamSince(
        names.meta,
        names.last,
        names.trimmed,
        after,
        upTo ?? '',
        limit,
        PAGE_BYTES,
        names.logs,
        literal.length,
        ...literal,
        ...channels.filter(isPattern),
      ),
    );
    const [epoch, top, end, gaps, entries] = reply as [
      string,
      string,
      string,
      string[][],
      [string, string, string[]][],
    ];
    return {
      epoch: epoch || (await this.position()).epoch,
      top: Number(top),
      end: Number(end),
      gaps: gaps.map(([channel = '', until, certain]) => ({
        channel,
        until: Number(until),
        certain: certain !== '',
      })),
      events: entries.map(([n, channel, fields]) => readEntry(Number(n), channel, fields)),
    };
  }

  async tails(channels: readonly string[], count: number): Promise<Map<string, number>> {
    const { names } = this.#link;
    const meant = new Set(channels.filter((channel) => !isPattern(channel)));
    const patterns = channels.filter(isPattern);
    if (patterns.length > 0) {
      for (const channel of await this.#link.ask((redis) => redis.zrange(names.last, '0', '-1'))) {
        if (patterns.some((pattern) => matches(pattern, channel))) meant.add(channel);
      }
    }
    const tails = new Map<string, number>();
    const all = [...meant];
    // A piece at a time: Redis does nothing else while a script runs.
    const piece = Math.max(1, Math.floor(TAIL_ENTRIES / count));
    for (let from = 0; from < all.length; from += piece) {
      const some = all.slice(from, from + piece);
      const reply = (await this.#link.ask((redis) =>
        redis.pinstreamTails(names.last, names.logs, count, ...some),
      )) as string[];
      for (let i = 0; i < reply.length; i += 2) tails.set(reply[i] as string, Number(reply[i + 1]));
    }
    return tails;
  }

  latest(query: LatestQuery): Promise<Latest> {
    return readLatest(this.#link, query);
  }

  channels(): Promise<ChannelInfo[]> {
    return readChannels(this.#link);
  }

  async position(): Promise<Cursor> {
    const { meta } = this.#link.names;
    const reply = await this.#link.ask((redis) =>
      redis.pinstreamPosition(meta, newEpoch(randomInt), this.#limits),
    );
    const [epoch, n] = reply as [string, string | null];
    return { epoch, n: Number(n ?? 0) };
  }

  status(): BusStatus {
    const { ready, problem } = this.#link;
    return ready ? { ready } : { ready, problem };
  }

  usage() {
    return readUsage(this.#link);
  }

  async close(): Promise<void> {
    clearInterval(this.#quietCheck);
    await this.#link.close();
  }

  #send(append: AppendCommand): Promise<string> {
    return this.#link.ask(async (redis) => {
      redis.sendCommand(append);
      try {
        return (await append.promise) as string;
      } catch (error) {
        if (!(error as Error).message.startsWith('NOSCRIPT')) throw error;
      }
      // Somebody has made Redis forget its scripts, or it may not be asked to learn one. What follows has found that too, and
      // comes after it again.
      const whole = append.whole();
      redis.sendCommand(whole);
      return (await whole.promise) as string;
    });
  }

  #listen(listener: Listener): void {
    const doorbell = new Doorbell(
      {
        // Raw publishes come before their adoptions: those that the log tells of must have been heard.
        position: () => this.#positionHeard(),
        since: (after, upTo) => this.since({ channels: ['*'], after, upTo }),
      },
      listener,
    );
    this.doorbell = doorbell;
    this.#link.hear(this.#link.names.doorbell, (text) => this.#rings(doorbell, text));
    this.#link.onListening(() => void doorbell.recover());
    this.#link.onStatus(() => {
      if (this.#link.ready) void doorbell.recover();
    });
    this.#quietCheck = setInterval(() => {
      if (this.#link.ready) this.#check(doorbell).catch(() => undefined);
    }, QUIET_CHECK_MS);
  }

  /**
   * Where the store is, once all that it pushed on the way there has been heard: the listening connection is asked something
   * after the newest number is known.
   */
  async #positionHeard(): Promise<Cursor> {
    const position = await this.position();
    await this.#link.heardUpToNow();
    return position;
  }

  /** Whether something was missed although the connection looks healthy, or waits since a look has failed. */
  async #check(doorbell: Doorbell): Promise<void> {
    const position = await this.#positionHeard();
    const missed = !doorbell.isAt(position);
    if (doorbell.recovering || !(missed || doorbell.holding)) return;
    // It did not ring: a connection that leaves something out leaves out raw publishes too, which no log has.
    if (missed && doorbell.epoch === position.epoch) this.#link.listenAnew();
    await doorbell.recover();
  }

  #rings(doorbell: Doorbell, text: string): void {
    const said = readRing(text);
    if (said === undefined) return;
    if ('event' in said) doorbell.hear(said.epoch, said.event);
    else doorbell.inTurn(said.n, () => this.#notice?.(said));
  }
}
