import type { Owed, SessionRecord } from '../../bus/sessions.ts';
import { matches } from '../../contract/channel.ts';
import { type Cursor, formatCursor, parseCursor } from '../../contract/cursor.ts';
import { overlap } from '../access/rules.ts';

export interface Opening {
  /** What the stream's address names: the channels of a session that is new. */
  readonly channels: readonly string[];
  readonly stream: string;
  /** Where the reader was; `unknown` when what it says is no cursor of ours. */
  readonly cursor: Cursor | 'unknown' | undefined;
  /** The store's. */
  readonly epoch: string;
}

/** The record once a stream is opened: what its reader has had is no longer owed, and the rest is written before all else. */
export function openedRecord(
  was: SessionRecord | undefined,
  { channels, stream, cursor, epoch }: Opening,
): SessionRecord {
  // Without a cursor it is a new reader, and one from another store gets all that is in this one: nothing is owed to either.
  const own = typeof cursor === 'object' && cursor.epoch === epoch ? cursor : undefined;
  return {
    // A record that ran out begins beyond what its reader has heard of, and not anew: otherwise that would count as heard.
    rev: Math.max(was?.rev ?? 0, own?.rev ?? 0),
    channels: was?.channels ?? sorted(channels),
    owed: own ? stillOwed(was?.owed ?? [], own) : [],
    stream,
    ...(was?.change === undefined ? {} : { change: was.change }),
  };
}

function stillOwed(owed: readonly Owed[], cursor: Cursor): Owed[] {
  const at = formatCursor(cursor.epoch, cursor.n);
  return owed.filter((one) => !isSettled(one, cursor)).map((one) => ({ ...one, at }));
}

/** Whether a reader with this cursor has had what was owed: it has heard of the change, or of something that came after it. */
function isSettled({ rev, at }: Owed, cursor: Cursor): boolean {
  if ((cursor.rev ?? 0) >= rev) return true;
  const begun = at === undefined ? undefined : parseCursor(at);
  return begun !== undefined && (begun.epoch !== cursor.epoch || cursor.n > begun.n);
}

/** The record with other channels; nothing when they are the same. With `since`, what came after it on added ones is owed. */
export function changedRecord(
  was: SessionRecord,
  names: readonly string[],
  since: Cursor | undefined,
): SessionRecord | undefined {
  const channels = sorted(names);
  const added = addedTo(was, channels);
  if (added.length === 0 && channels.length === was.channels.length) return undefined;
  const rev = was.rev + 1;
  const owed = withoutDoubles(was.owed.flatMap((one) => within(one, channels)));
  for (const channel of since ? added : []) {
    // Heard already, through a pattern.
    if (was.channels.some((before) => matches(before, channel))) continue;
    const except = was.channels.filter((before) => overlap(before, channel));
    owed.push({ channel, since: formatCursor((since as Cursor).epoch, (since as Cursor).n), rev, except });
  }
  return { ...was, rev, channels, owed };
}

/**
 * Whether a change was made already, or a newer one was. A request may be carried out late, by an app that stood still, when the
 * client or the proxy has long sent it to another one, and the next one too.
 */
export function isOld(was: SessionRecord, change: number | undefined): boolean {
  return change !== undefined && was.change !== undefined && change <= was.change;
}

/** The record with the client's count of its changes; nothing when there is nothing to keep. */
export function countedRecord(
  was: SessionRecord,
  changed: SessionRecord | undefined,
  change: number | undefined,
): SessionRecord | undefined {
  return change === undefined ? changed : { ...(changed ?? was), change };
}

/** What a session does not listen to yet. */
export function addedTo({ channels }: SessionRecord, names: readonly string[]): string[] {
  return names.filter((name) => !channels.includes(name));
}

/** The record once its stream has begun to write what is owed for the changes after one and up to another. */
export function begunRecord(
  was: SessionRecord | undefined,
  { stream, after, upTo, at }: { stream: string; after: number; upTo: number; at: string },
): SessionRecord | undefined {
  if (was?.stream !== stream) return undefined;
  const owed = was.owed.map((one) => (one.rev > after && one.rev <= upTo ? { ...one, at } : one));
  return { ...was, owed };
}

/** Whether two records are the same change of the same channels. Redis may lose its last second, and count anew from there. */
export function isSameChange(one: SessionRecord, other: SessionRecord | undefined): boolean {
  return one.rev === other?.rev && one.channels.join('\n') === other.channels.join('\n');
}

/**
 * The record that follows when two others stand under one number: the one that is kept, since it was made later, and what is
 * owed by the one that was lost.
 */
export function followingRecord(lost: SessionRecord, kept: SessionRecord): SessionRecord {
  const rev = kept.rev + 1;
  const before = lost.owed.flatMap((one) => within(one, kept.channels));
  const added = kept.owed.filter((one) => one.rev === kept.rev).map((one) => ({ ...one, rev }));
  return { ...kept, rev, owed: withoutDoubles([...before, ...added]) };
}

/** As many channels and patterns a record may name for what its reader has had, but may not have heard the end of. */
const HAD_NAMES = 200;

/** How many channels and patterns are named by what is owed. */
export function owedNames({ owed }: SessionRecord): number {
  return owed.reduce((sum, { except }) => sum + 1 + except.length, 0);
}

/** So many names may be owed: room for what is kept of earlier changes, and for whatever one more may add. */
export function mostOwedNames(maxStreamChannels: number): number {
  return HAD_NAMES + 2 * maxStreamChannels;
}

/**
 * The record once its stream has had all up to a change; nothing when there is nothing to settle. A reader that is cut off may
 * still ask for the newest of it, so only the oldest goes: otherwise a stream that is never cut off would be owed ever more.
 */
export function settledRecord(
  was: SessionRecord | undefined,
  { stream, upTo }: { stream: string; upTo: number },
): SessionRecord | undefined {
  if (was?.stream !== stream) return undefined;
  let names = owedNames(was);
  const owed = was.owed.filter(({ rev, except }) => {
    if (names <= HAD_NAMES || rev >= upTo) return true;
    names -= 1 + except.length;
    return false;
  });
  return owed.length === was.owed.length ? undefined : { ...was, owed };
}

/** Whether an event of this channel and number is owed. */
export function isOwed(owed: readonly (Owed & { after: number })[], channel: string, n: number): boolean {
  return owed.some((one) => n > one.after && matches(one.channel, channel) && !isAmong(one.except, channel));
}

/** Whether any of these channels and patterns means a channel. */
export function isAmong(names: readonly string[], channel: string): boolean {
  return names.some((name) => matches(name, channel));
}

/** What is owed of it on channels that are still listened to. A pattern that gave way to channels is owed on these. */
function within(owed: Owed, channels: readonly string[]): Owed[] {
  if (isAmong(channels, owed.channel)) return [owed];
  const left = channels.filter((channel) => overlap(channel, owed.channel) && !isAmong(owed.except, channel));
  return left.every((channel) => matches(owed.channel, channel))
    ? left.map((channel) => ({ ...owed, channel }))
    : [owed];
}

/** Of one change, what is owed on a channel is owed once: all of it is since the same cursor, and but for the same channels. */
function withoutDoubles(owed: readonly Owed[]): Owed[] {
  return [...new Map(owed.map((one) => [`${one.rev} ${one.since} ${one.channel}`, one])).values()];
}

function sorted(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}
