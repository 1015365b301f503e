/** What things are called in Redis. */
export interface RedisNames {
  readonly meta: string;
  readonly last: string;
  readonly trimmed: string;
  readonly sizes: string;
  readonly touched: string;
  readonly presses: string;
  readonly lease: string;
  /** Of apps that adopt nothing: one of them still has to say that the device is offline. */
  readonly watchLease: string;
  readonly watchers: string;
  readonly candidates: string;
  readonly publishKey: string;
  readonly device: string;
  /** How the sidecar is. */
  readonly sidecar: string;
  readonly pins: string;
  readonly reports: string;
  /** The newest adoptions, also those that have left their logs. */
  readonly adopted: string;
  readonly logs: string;
  readonly keys: string;
  readonly producers: string;
  readonly sessions: string;
  readonly doorbell: string;
  readonly marker: string;
  readonly command: string;
  readonly replies: string;
  readonly sessionChanged: string;
}

/**
 * Keys begin with REDIS_PREFIX. Pub/sub names begin with `pinstream:` whatever the prefix is, since ADOPT never matches that;
 * and they contain prefix and db, since pub/sub knows no db (G30): two installations on one Redis must not ring each other.
 */
export function redisNames(prefix: string, db: number): RedisNames {
  const own = (name: string) => `pinstream:${name}:${db}:${prefix}`;
  return {
    meta: `${prefix}meta`,
    last: `${prefix}last`,
    trimmed: `${prefix}trimmed`,
    sizes: `${prefix}sizes`,
    touched: `${prefix}touched`,
    presses: `${prefix}presses`,
    lease: `${prefix}keeper`,
    watchLease: `${prefix}watcher`,
    watchers: `${prefix}watchers`,
    candidates: `${prefix}keepers`,
    publishKey: `${prefix}publish-key`,
    device: `${prefix}device`,
    sidecar: `${prefix}sidecar`,
    pins: `${prefix}pins`,
    reports: `${prefix}reports`,
    adopted: `${prefix}adopted`,
    logs: `${prefix}log:`,
    keys: `${prefix}key:`,
    producers: `${prefix}producer:`,
    sessions: `${prefix}session:`,
    doorbell: own('doorbell'),
    marker: own('marker'),
    command: own('command'),
    replies: own('reply'),
    sessionChanged: own('session'),
  };
}

/** Our pattern in Redis's own words, where ?, [, ] and \ mean something too. */
export function redisPattern(pattern: string): string {
  return pattern.replace(/[?[\]\\]/g, '\\$&');
}
