import type { StoreUsage } from './bus.ts';
import type { RedisLink } from './redisLink.ts';

/** How full the store in Redis is: two figures that Redis has at hand, whatever is stored. */
export async function readUsage(link: RedisLink): Promise<StoreUsage> {
  const { meta, last } = link.names;
  const [[bytes, floor], channels] = await link.ask((redis) =>
    Promise.all([redis.hmget(meta, 'bytes', 'floor'), redis.zcard(last)]),
  );
  return { bytes: Number(bytes ?? 0), channels, floor: Number(floor ?? 0) };
}
