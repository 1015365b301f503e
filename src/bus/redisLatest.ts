import { isPattern, matches } from '../contract/channel.ts';
import { type Latest, type LatestQuery, PAGE_BYTES } from './bus.ts';
import { Newest } from './newest.ts';
import { readEntry } from './redisEntries.ts';
import type { RedisLink } from './redisLink.ts';

/** Redis does nothing else while a script runs: one looks into so many logs, and reads so many entries of them. */
const MOST_CHANNELS = 1_000;
const MOST_ENTRIES = 2_000;

interface Meant {
  readonly channel: string;
  /** Nothing in its log is newer. */
  readonly last: number;
}

/** The newest events of some channels, a piece at a time: the logs that were written to last first. */
export async function readLatest(
  link: RedisLink,
  { channels, count, upTo, limit }: LatestQuery,
): Promise<Latest> {
  const { names } = link;
  const meant = await meantBy(link, channels);
  const newest = new Newest(limit);
  const epochs = new Set<string>();
  let from = 0;
  do {
    const piece = meant.slice(from, from + MOST_CHANNELS).map(({ channel }) => channel);
    const reply = await link.ask((redis) =>
      redis.pinstreamLatest(
        names.meta,
        names.logs,
        upTo,
        newest.floor,
        Math.min(count, limit),
        limit,
        PAGE_BYTES,
        MOST_ENTRIES,
        ...piece,
      ),
    );
    const [epoch, floor, done, entries] = reply as [string, string, number, [string, string, string[]][]];
    newest.add(entries.map(([n, channel, fields]) => readEntry(Number(n), channel, fields)));
    newest.raise(Number(floor));
    from += done;
    epochs.add(epoch);
  } while ((meant[from]?.last ?? 0) > newest.floor);
  // Pieces of two stores are of none.
  const [epoch = ''] = epochs.size === 1 ? epochs : [];
  return { epoch, events: newest.events };
}

/** The channels that are meant, the newest first. */
async function meantBy(link: RedisLink, channels: readonly string[]): Promise<Meant[]> {
  const named = new Set(channels.filter((channel) => !isPattern(channel)));
  const meant = [...named].map((channel) => ({ channel, last: Number.POSITIVE_INFINITY }));
  const patterns = channels.filter(isPattern);
  if (patterns.length === 0) return meant;
  const all = await link.ask((redis) => redis.zrange(link.names.last, '0', '-1', 'WITHSCORES'));
  for (let i = all.length - 2; i >= 0; i -= 2) {
    const channel = all[i] as string;
    if (!named.has(channel) && patterns.some((pattern) => matches(pattern, channel)))
      meant.push({ channel, last: Number(all[i + 1]) });
  }
  return meant;
}
