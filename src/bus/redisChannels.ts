import type { ChannelInfo } from './bus.ts';
import type { RedisLink } from './redisLink.ts';

/** All channels that are remembered. */
export async function readChannels(link: RedisLink): Promise<ChannelInfo[]> {
  const { names } = link;
  const last = await link.ask((redis) => redis.zrange(names.last, '0', '-1', 'WITHSCORES'));
  const found: { channel: string; last: number }[] = [];
  for (let i = 0; i < last.length; i += 2)
    found.push({ channel: last[i] as string, last: Number(last[i + 1]) });
  // All at once, in one write: a round trip for each would take seconds.
  const lengths = await link.ask(async (redis) => {
    const asked = redis.pipeline();
    for (const { channel } of found) asked.xlen(names.logs + channel);
    return ((await asked.exec()) ?? []).map(([error, length]) => {
      if (error) throw error;
      return Number(length);
    });
  });
  return found.map((info, i) => ({ ...info, length: lengths[i] ?? 0 }));
}
