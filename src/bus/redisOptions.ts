import type { RedisOptions } from 'ioredis';
import type { Sentinels } from '../lib/settings.ts';

export interface RedisAddress {
  readonly url: string;
  readonly sentinels?: Sentinels | undefined;
  readonly prefix: string;
}

/** A peer that says nothing for so long, though it was asked something, is taken for dead. */
const SILENCE_MS = 5_000;
const LONGEST_PAUSE_MS = 2_000;

/** How both connections of a process are made, and what a log may say of where they go. */
export function connectionOf({ url, sentinels }: RedisAddress): {
  options: RedisOptions;
  where: string;
  db: number;
} {
  const { protocol, hostname, port, username, password, pathname } = new URL(url || 'redis://localhost');
  const unix = protocol === 'unix:';
  const db = unix ? 0 : Number(pathname.slice(1) || 0);
  const host = hostname.replace(/^\[(.*)\]$/, '$1') || 'localhost';
  const address = unix ? { path: pathname } : { host, port: Number(port || 6379) };
  const options: RedisOptions = {
    ...(sentinels
      ? { sentinels: [...sentinels.hosts], name: sentinels.name, failoverDetector: true }
      : address),
    ...(username ? { username: decodeURIComponent(username) } : {}),
    ...(password ? { password: decodeURIComponent(password) } : {}),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
    db,
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    socketTimeout: SILENCE_MS,
    connectTimeout: SILENCE_MS,
    disableClientInfo: true,
    // A master that has become a replica: Sentinel knows where the new one is.
    reconnectOnError: ({ message }) => message.includes('READONLY'),
    retryStrategy: (times) => Math.min(50 * 2 ** Math.min(times, 10), LONGEST_PAUSE_MS),
  };
  const where = sentinels ? `${sentinels.name} (Sentinel)` : unix ? pathname : `${host}:${port || 6379}`;
  return { options, where, db };
}
