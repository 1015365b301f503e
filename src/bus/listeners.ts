import { isPattern, matches } from '../contract/channel.ts';

/** How many streams of a process listen to the same channels and patterns. */
export interface AudienceReport {
  readonly channels: readonly string[];
  readonly streams: number;
}

/** Who listens. A stream that listens to patterns is in both, should it name channels as well. */
export interface Listeners {
  /** The streams that name a channel. */
  readonly named: ReadonlyMap<string, number>;
  /** Those that listen to patterns, with all that they listen to. */
  readonly patterned: readonly AudienceReport[];
}

/**
 * What one process says of its own streams is bounded, since all of it is kept in Redis, and what has patterns is read at
 * each publish. What is beyond is not counted: who came first is.
 */
const MOST_NAMES = 20_000;
const MOST_PATTERNED = 1_000;
const MOST_PATTERNED_CHARACTERS = 65_536;

/** What a process says of its streams, bounded. */
export function listenersOf(audiences: Iterable<AudienceReport>): Listeners {
  const named = new Map<string, number>();
  const patterned: AudienceReport[] = [];
  let characters = 0;
  for (const audience of audiences) {
    const { channels, streams } = audience;
    for (const name of channels) {
      if (isPattern(name)) continue;
      const before = named.get(name);
      if (before !== undefined || named.size < MOST_NAMES) named.set(name, (before ?? 0) + streams);
    }
    if (!channels.some(isPattern)) continue;
    const more = channels.reduce((sum, name) => sum + name.length, 0);
    if (patterned.length >= MOST_PATTERNED || characters + more > MOST_PATTERNED_CHARACTERS) continue;
    characters += more;
    patterned.push(audience);
  }
  return { named, patterned };
}

/** All processes together. */
export function sumOf(all: readonly Listeners[]): Listeners {
  const named = new Map<string, number>();
  for (const one of all) {
    for (const [name, streams] of one.named) named.set(name, (named.get(name) ?? 0) + streams);
  }
  return { named, patterned: all.flatMap(({ patterned }) => patterned) };
}

export const NOBODY: Listeners = { named: new Map(), patterned: [] };

/** How many streams a channel reaches. One counts once, however many of its channels and patterns match. */
export function reaching({ named, patterned }: Listeners, channel: string): number {
  let streams = named.get(channel) ?? 0;
  for (const audience of patterned) {
    const { channels } = audience;
    if (channels.some((name) => isPattern(name) && matches(name, channel)) && !channels.includes(channel))
      streams += audience.streams;
  }
  return streams;
}

/** The same for thousands of channels: who listens to patterns is looked through once, not for each. */
export function reachingAny({ named, patterned }: Listeners): (channel: string) => number {
  const audiences = patterned.map(({ channels, streams }) => ({
    patterns: channels.filter(isPattern),
    names: new Set(channels),
    streams,
  }));
  return (channel) => {
    let reached = named.get(channel) ?? 0;
    for (const { patterns, names, streams } of audiences) {
      if (patterns.some((pattern) => matches(pattern, channel)) && !names.has(channel)) reached += streams;
    }
    return reached;
  };
}
