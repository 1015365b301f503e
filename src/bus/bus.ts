import type { Cursor } from '../contract/cursor.ts';
import type { NewEvent, StoredEvent } from '../contract/event.ts';

/**
 * How events are kept and carried. The log is the truth, the doorbell only says that there is something new in it:
 * what `listen` brings live and what `since` reads later are the same entries under the same numbers.
 */
export interface Bus {
  /** Connects; resolves at once, also when the store is away. From then on the listener hears. */
  start(listener?: Listener): Promise<void>;
  append(event: NewEvent, terms?: AppendTerms): Promise<Appended>;
  /** A page of what the logs hold, in the order of n, with what they no longer hold. */
  since(query: SinceQuery): Promise<Page>;
  /** For each channel that is meant: the number of the `count`th newest entry that its log holds. */
  tails(channels: readonly string[], count: number): Promise<Map<string, number>>;
  /** The newest events that the logs hold, in the order of n. */
  latest(query: LatestQuery): Promise<Latest>;
  channels(): Promise<ChannelInfo[]>;
  /** The epoch and the newest number. */
  position(): Promise<Cursor>;
  status(): BusStatus;
  /** How full the store is. Cheap: it is asked for at each look at the metrics. */
  usage(): Promise<StoreUsage>;
  close(): Promise<void>;
}

/** Hears every event of the store, in the order of n, each once, whatever happens to the connection. */
export interface Listener {
  /** From here on: at the start, and when the store is another one than before. */
  open(position: Cursor): void;
  event(event: StoredEvent): void;
  /** Everything up to n is heard; the numbers in between hold nothing. */
  advance(n: number): void;
  /** Events that came while nothing was heard, and that no log holds any more. */
  gap(gap: Gap): void;
}

export interface AppendTerms {
  /** Who repeats this key on this channel within five minutes is answered with the first event, which is not appended again. */
  readonly key?: string;
  /** A sequence at or below the last one of this producer is not appended again. */
  readonly producer?: { readonly id: string; readonly seq: number };
  /** Counts that are stored by the same append: pin → presses so far. */
  readonly presses?: { readonly pin: string; readonly count: number };
  /** A lease and who holds it: the append fails as `fenced` when another one does. */
  readonly lease?: Lease;
  /** The sidecar's own word: that it lives, as far as the keeper is concerned for DEVICE_SECONDS, and which pins it has. */
  readonly device?: { readonly lives: boolean; readonly pins: readonly string[] };
  /** Only as long as the sidecar is silent; fails as `fenced` when it has said meanwhile that it lives. */
  readonly unlessDeviceLives?: true;
  /** The event is a raw publish that gets its number now. */
  readonly adopted?: true;
  /** From the hardware: may use the part of the store that is kept free for it, and only this may use its channels. */
  readonly hardware?: boolean;
}

export interface Lease {
  readonly key: string;
  readonly token: string;
}

export interface Appended {
  readonly epoch: string;
  /** 0 when it is a duplicate whose number is not known any more. */
  readonly n: number;
  readonly duplicate: boolean;
}

export interface SinceQuery {
  /** Channels and patterns. */
  readonly channels: readonly string[];
  /** The last number that is known. */
  readonly after: number;
  /** Read no further than this; the newest number if left out. */
  readonly upTo?: number;
  readonly limit?: number;
}

export interface Page {
  readonly epoch: string;
  /** The newest number that the store has given. */
  readonly top: number;
  readonly events: readonly StoredEvent[];
  /** All up to here is in this page; the next one goes on after it. */
  readonly end: number;
  readonly gaps: readonly Gap[];
}

export interface LatestQuery {
  /** Channels and patterns. */
  readonly channels: readonly string[];
  /** Of each channel, the newest so many. */
  readonly count: number;
  /** Nothing newer than this. */
  readonly upTo: number;
  /** Of all these, the newest so many; fewer when they fill a page. */
  readonly limit: number;
}

export interface Latest {
  readonly epoch: string;
  readonly events: readonly StoredEvent[];
}

export interface Gap {
  readonly channel: string;
  /** The newest number that was lost. */
  readonly until: number;
  /** false: the channel was forgotten (MAX_CHANNELS), so that nobody knows whether it had events. */
  readonly certain: boolean;
}

export interface ChannelInfo {
  readonly channel: string;
  readonly length: number;
  readonly last: number;
}

export interface BusStatus {
  readonly ready: boolean;
  /** Why it isn't ready, as a sentence. */
  readonly problem?: string;
}

export interface StoreLimits {
  /** Entries kept for each channel. */
  readonly logLength: number;
  /** Milliseconds that a channel without events keeps its log. */
  readonly logAge: number;
  readonly maxChannels: number;
  /** Bytes of names and data over all logs. */
  readonly storeBytes: number;
}

export interface StoreUsage {
  /** What counts against STORE_BYTES. */
  readonly bytes: number;
  readonly channels: number;
  /** The newest number that a channel had that was forgotten (MAX_CHANNELS); 0 as long as none was. */
  readonly floor: number;
}

export const PAGE_EVENTS = 256;
export const PAGE_BYTES = 1_048_576;
export const KEY_SECONDS = 300;
export const PRODUCER_SECONDS = 86_400;
/** The hardware may fill the store this much further than others. */
export const HARDWARE_RESERVE = 1.1;

/**
 * `owned`: the channel is the hardware's. `fenced`: it was no longer for this app to say. `broken`: the store answers that it
 * cannot, and would so again.
 */
export type BusTrouble = 'away' | 'full' | 'fenced' | 'owned' | 'broken';

/** An append, a read or a command that could not be done. */
export class BusError extends Error {
  readonly reason: BusTrouble;

  constructor(reason: BusTrouble, message: string) {
    super(message);
    this.name = 'BusError';
    this.reason = reason;
  }
}

export const STORE_FULL =
  'The store is full: raise STORE_BYTES, or lower LOG_LENGTH or LOG_AGE, and publish it again.';

/** Why others than the sidecar can't publish on a channel. */
export function forHardwareOnly(channel: string): string {
  return `"${channel}" belongs to the hardware: only the sidecar publishes there.`;
}

/** What an entry counts against STORE_BYTES. */
export function entryBytes(event: NewEvent): number {
  const raw = event.raw === undefined ? 0 : Buffer.byteLength(event.raw);
  return Buffer.byteLength(event.name) + Buffer.byteLength(event.data) + raw;
}
