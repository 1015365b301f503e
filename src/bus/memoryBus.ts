import { randomInt } from 'node:crypto';
import { isPattern, matches } from '../contract/channel.ts';
import { type Cursor, newEpoch } from '../contract/cursor.ts';
import { DEVICE_CHANNEL } from '../contract/device.ts';
import type { NewEvent, StoredEvent } from '../contract/event.ts';
import {
  type Appended,
  type AppendTerms,
  type Bus,
  BusError,
  type BusStatus,
  type ChannelInfo,
  entryBytes,
  forHardwareOnly,
  type Gap,
  HARDWARE_RESERVE,
  KEY_SECONDS,
  type Latest,
  type LatestQuery,
  type Listener,
  PAGE_EVENTS,
  type Page,
  PRODUCER_SECONDS,
  type SinceQuery,
  STORE_FULL,
  type StoreLimits,
} from './bus.ts';
import { byNumber, cut, firstAfter, type MemoryLog, tail, wellFormed } from './memoryLog.ts';
import { Newest } from './newest.ts';
import { Notes } from './notes.ts';

/** The bus of one process, without a Redis: the same promises, as long as the process lives. */
export class MemoryBus implements Bus {
  readonly #limits: StoreLimits;
  readonly #now: () => number;
  readonly #epoch = newEpoch(randomInt);
  /** In the order of their last append: the first one is forgotten first. */
  readonly #logs = new Map<string, MemoryLog>();
  /** The channels whose log has entries, in the same order: the first one runs out first. */
  readonly #fresh = new Set<string>();
  readonly #keys = new Notes<number>(KEY_SECONDS);
  readonly #producers = new Notes<{ seq: number; n: number }>(PRODUCER_SECONDS);
  readonly #presses: Map<string, number>;
  readonly #listeners = new Set<Listener>();
  /** The channels of the hardware. */
  #owned = new Set([DEVICE_CHANNEL]);
  #n = 0;
  #bytes = 0;
  #floor = 0;

  constructor(limits: StoreLimits, presses = new Map<string, number>(), now: () => number = Date.now) {
    this.#limits = limits;
    this.#presses = presses;
    this.#now = now;
  }

  async start(listener?: Listener): Promise<void> {
    if (!listener) return;
    this.#listeners.add(listener);
    listener.open({ epoch: this.#epoch, n: this.#n });
  }

  async append(event: NewEvent, terms: AppendTerms = {}): Promise<Appended> {
    const duplicate = this.#duplicate(event.channel, terms);
    if (duplicate !== undefined) return { epoch: this.#epoch, n: duplicate, duplicate: true };
    if (!terms.hardware && this.#owned.has(event.channel))
      throw new BusError('owned', forHardwareOnly(event.channel));
    this.#dropAged();
    const entry: StoredEvent = {
      ...wellFormed(event),
      n: this.#n + 1,
      ...(terms.adopted ? { adopted: true } : {}),
    };
    const size = entryBytes(entry);
    const limit = this.#limits.storeBytes * (terms.hardware ? HARDWARE_RESERVE : 1);
    if (this.#bytes + size > limit) throw new BusError('full', STORE_FULL);
    this.#n = entry.n;
    this.#keep(entry, size);
    this.#remember(entry, terms);
    for (const listener of this.#listeners) listener.event(entry);
    return { epoch: this.#epoch, n: entry.n, duplicate: false };
  }

  async since({ channels, after, upTo = this.#n, limit = PAGE_EVENTS }: SinceQuery): Promise<Page> {
    this.#dropAged();
    const found: StoredEvent[] = [];
    const gaps: Gap[] = [];
    for (const [channel, log] of this.#meant(channels)) {
      if (log.trimmed > after) gaps.push({ channel, until: log.trimmed, certain: log.trimmed > this.#floor });
      if (log.last <= after) continue;
      const from = firstAfter(log.events, after);
      for (const event of log.events.slice(from, from + limit)) if (event.n <= upTo) found.push(event);
    }
    for (const channel of channels) {
      if (after < this.#floor && (isPattern(channel) || !this.#logs.has(channel))) {
        gaps.push({ channel, until: this.#floor, certain: false });
      }
    }
    const events = cut(found.sort(byNumber), limit);
    const complete = events.length === found.length && found.length < limit;
    const end = complete ? upTo : (events.at(-1)?.n ?? upTo);
    return { epoch: this.#epoch, top: this.#n, events, end, gaps };
  }

  async tails(channels: readonly string[], count: number): Promise<Map<string, number>> {
    this.#dropAged();
    const tails = new Map<string, number>();
    for (const [channel, { events }] of this.#meant(channels)) {
      const first = events[Math.max(0, events.length - count)];
      if (first) tails.set(channel, first.n);
    }
    return tails;
  }

  async latest({ channels, count, upTo, limit }: LatestQuery): Promise<Latest> {
    this.#dropAged();
    const newest = new Newest(limit);
    // Who spoke last comes first: the others have little that is newer than what is found by then.
    for (const [, { events }] of [...this.#meant(channels)].reverse())
      newest.add(tail(events, newest.floor, upTo, Math.min(count, limit)));
    return { epoch: this.#epoch, events: newest.events };
  }

  async channels(): Promise<ChannelInfo[]> {
    this.#dropAged();
    return [...this.#logs].map(([channel, { events, last }]) => ({ channel, length: events.length, last }));
  }

  async position(): Promise<Cursor> {
    return { epoch: this.#epoch, n: this.#n };
  }

  status(): BusStatus {
    return { ready: true };
  }

  async usage() {
    return { bytes: this.#bytes, channels: this.#logs.size, floor: this.#floor };
  }

  async close(): Promise<void> {
    this.#listeners.clear();
  }

  #keep(entry: StoredEvent, size: number): void {
    const log = this.#logs.get(entry.channel) ?? {
      events: [],
      bytes: 0,
      last: 0,
      trimmed: this.#floor,
      touched: 0,
    };
    log.events.push(entry);
    log.bytes += size;
    log.last = entry.n;
    log.touched = this.#now();
    this.#bytes += size;
    this.#trim(log, this.#limits.logLength);
    this.#logs.delete(entry.channel);
    this.#logs.set(entry.channel, log);
    this.#fresh.delete(entry.channel);
    this.#fresh.add(entry.channel);
    if (this.#logs.size > this.#limits.maxChannels) this.#forgetOldest();
  }

  #trim(log: MemoryLog, length: number): void {
    const dropped = log.events.splice(0, Math.max(0, log.events.length - length));
    if (dropped.length === 0) return;
    const size = dropped.reduce((sum, event) => sum + entryBytes(event), 0);
    log.bytes -= size;
    this.#bytes -= size;
    log.trimmed = (dropped.at(-1) as StoredEvent).n;
  }

  #forgetOldest(): void {
    const [channel, log] = this.#logs.entries().next().value as [string, MemoryLog];
    this.#logs.delete(channel);
    this.#bytes -= log.bytes;
    this.#floor = Math.max(this.#floor, log.last);
  }

  /** A log without events for LOG_AGE is dropped; that it was there is remembered, so that the loss can be told. */
  #dropAged(): void {
    for (const channel of this.#fresh) {
      const log = this.#logs.get(channel);
      if (log && log.touched + this.#limits.logAge > this.#now()) return;
      if (log) this.#trim(log, 0);
      this.#fresh.delete(channel);
    }
  }

  *#meant(channels: readonly string[]): Generator<[string, MemoryLog]> {
    const names = channels.filter((channel) => !isPattern(channel));
    const patterns = channels.filter(isPattern);
    for (const name of new Set(names)) {
      const log = this.#logs.get(name);
      if (log) yield [name, log];
    }
    if (patterns.length === 0) return;
    for (const [channel, log] of this.#logs) {
      if (!names.includes(channel) && patterns.some((pattern) => matches(pattern, channel)))
        yield [channel, log];
    }
  }

  #duplicate(channel: string, { key, producer }: AppendTerms): number | undefined {
    const known = key === undefined ? undefined : this.#keys.get(`${channel}\n${key}`, this.#now());
    if (known !== undefined) return known;
    const before = producer && this.#producers.get(producer.id, this.#now());
    if (!before || before.seq < producer.seq) return undefined;
    return before.seq === producer.seq ? before.n : 0;
  }

  #remember({ channel, n }: StoredEvent, { key, producer, presses, device }: AppendTerms): void {
    if (key !== undefined) this.#keys.set(`${channel}\n${key}`, n, this.#now());
    if (producer) this.#producers.set(producer.id, { seq: producer.seq, n }, this.#now());
    if (device) this.#owned = new Set([DEVICE_CHANNEL, ...device.pins]);
    if (presses) this.#presses.set(presses.pin, presses.count);
  }
}
