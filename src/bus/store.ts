import type { Log } from '../lib/log.ts';
import type { Settings } from '../lib/settings.ts';
import type { Board } from './board.ts';
import type { Bus, StoreLimits } from './bus.ts';
import { MemoryBoard } from './memoryBoard.ts';
import { MemoryBus } from './memoryBus.ts';
import { MemorySessions } from './memorySessions.ts';
import { RedisBoard } from './redisBoard.ts';
import { RedisBus } from './redisBus.ts';
import { RedisLink } from './redisLink.ts';
import { RedisSessions } from './redisSessions.ts';
import type { Sessions } from './sessions.ts';

/** Where events are kept: in this process, or in a Redis. */
export type Store =
  | { readonly kind: 'memory'; readonly bus: Bus; readonly board: Board; readonly sessions: Sessions }
  | {
      readonly kind: 'redis';
      readonly bus: RedisBus;
      readonly board: RedisBoard;
      readonly sessions: Sessions;
      readonly link: RedisLink;
    };

/** Whether the settings name a Redis. */
export function sharesRedis({ REDIS_URL, REDIS_SENTINELS }: Settings): boolean {
  return REDIS_URL !== '' || REDIS_SENTINELS !== undefined;
}

export function createStore(settings: Settings, log: Log): Store {
  const limits: StoreLimits = {
    logLength: settings.LOG_LENGTH,
    logAge: settings.LOG_AGE,
    maxChannels: settings.MAX_CHANNELS,
    storeBytes: settings.STORE_BYTES,
  };
  if (!sharesRedis(settings)) {
    const board = new MemoryBoard();
    const bus = new MemoryBus(limits, board.pressCounts);
    return { kind: 'memory', board, bus, sessions: new MemorySessions() };
  }
  const address = {
    url: settings.REDIS_URL,
    sentinels: settings.REDIS_SENTINELS,
    prefix: settings.REDIS_PREFIX,
  };
  const link = new RedisLink(address, log);
  const sessions = new RedisSessions(link);
  return { kind: 'redis', link, sessions, board: new RedisBoard(link), bus: new RedisBus(link, limits) };
}
