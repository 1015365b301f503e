import { Redis } from 'ioredis';
import type { Settings } from '../lib/settings.ts';
import { redisNames } from './redisNames.ts';
import { connectionOf } from './redisOptions.ts';
import { sentenceOf } from './redisTrouble.ts';

/** What a Redis says of itself. */
export interface RedisFacts {
  readonly where: string;
  /** Of INFO. */
  readonly info: ReadonlyMap<string, string>;
  /** Of CONFIG GET; empty where that is forbidden, as hosted ones do. */
  readonly settings: ReadonlyMap<string, string>;
  /** Its time, and the time here when it was told. */
  readonly clock: { readonly there: number; readonly here: number };
  /** The limits that the app has set; undefined where none has ever run. */
  readonly limits?: { readonly storeBytes: number };
  /** Whether a sidecar has said in time that it lives; undefined while the keys cannot be read. */
  readonly sidecarLives?: boolean;
}

/** Why there are none, as a sentence. */
export class NoRedisFacts extends Error {
  /** It refuses, but it runs. */
  readonly runs: boolean;

  constructor(message: string, runs: boolean) {
    super(message);
    this.runs = runs;
  }
}

/** Asks the Redis of these settings how it is, once. Throws NoRedisFacts when it does not say. */
export async function readRedisFacts(
  { REDIS_URL, REDIS_SENTINELS, REDIS_PREFIX }: Settings,
  now: () => number,
): Promise<RedisFacts> {
  const address = { url: REDIS_URL, sentinels: REDIS_SENTINELS, prefix: REDIS_PREFIX };
  const { options, where, db } = connectionOf(address);
  const once = () => null;
  const redis = new Redis({
    ...options,
    retryStrategy: once,
    sentinelRetryStrategy: once,
    // One that still reads its log says so in INFO.
    enableReadyCheck: false,
  });
  let trouble: Error | undefined;
  redis.on('error', (error: Error) => {
    trouble ??= error;
  });
  try {
    await redis.connect();
    const info = fieldsOf(await redis.info());
    const [seconds, micros] = (await redis.time()).map(Number);
    const here = now();
    const { meta, device } = redisNames(REDIS_PREFIX, db);
    const [limits, lives] = await Promise.all([
      redis.hget(meta, 'limits').catch(() => null),
      redis.exists(device).catch(() => undefined),
    ]);
    const storeBytes = Number(limits?.split(' ')[3]);
    return {
      where,
      info,
      settings: await settingsOf(redis),
      clock: { there: (seconds ?? 0) * 1000 + (micros ?? 0) / 1000, here },
      ...(storeBytes > 0 && { limits: { storeBytes } }),
      ...(lives !== undefined && { sidecarLives: lives === 1 }),
    };
  } catch (error) {
    const why = trouble ?? (error as Error);
    throw new NoRedisFacts(
      `Redis at ${where} cannot be reached: ${sentenceOf(why)}`,
      why.name === 'ReplyError',
    );
  } finally {
    redis.disconnect();
  }
}

function fieldsOf(text: string): Map<string, string> {
  const lines = text.split('\r\n').filter((line) => /^\w+:/.test(line));
  return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}

async function settingsOf(redis: Redis): Promise<Map<string, string>> {
  try {
    const pairs = (await redis.config('GET', 'appendfsync')) as string[];
    return new Map(pairs.flatMap((name, at) => (at % 2 === 0 ? [[name, pairs[at + 1] ?? ''] as const] : [])));
  } catch {
    return new Map();
  }
}
