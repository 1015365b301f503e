/**
 * Every setting: its environment variable, default, meaning, and how its text is read. Each is also a flag of the command
 * (`PORT` is `--port`). README's table and `.env.example` are held to this list by a test.
 */

export interface Setting<T> {
  readonly fallback: string;
  readonly help: string;
  readonly secret?: true;
  readonly flag?: true;
  /** Throws a RangeError whose message completes "NAME must be …". */
  readonly read: (text: string) => T;
}

export const settings = {
  PORT: setting(port, '8080', 'The port of the app.'),
  HOST: setting(text, '127.0.0.1', 'The address that the app listens on; 0.0.0.0 for every network.'),
  REDIS_URL: secret(
    redisUrl,
    '',
    'The Redis to share, as redis://[user:password@]host[:port][/db]; empty: in memory.',
  ),
  REDIS_SENTINELS: setting(
    sentinels,
    '',
    'Sentinels as NAME@host:port,host:port; then REDIS_URL says only user, password and db.',
  ),
  REDIS_PREFIX: setting(prefix, 'pinstream:', 'What all keys in Redis begin with.'),
  ADOPT: setting(
    list,
    '',
    'Channels and patterns whose raw publishes are kept, as `*` or base,room-*; empty: none.',
  ),
  LOG_LENGTH: setting(count(1), '1000', 'Events kept for each channel.'),
  LOG_AGE: setting(duration, '1d', 'How long a channel without new events keeps its log.'),
  MAX_CHANNELS: setting(
    count(1),
    '10000',
    'Channels that are remembered; beyond it the longest quiet one is forgotten.',
  ),
  STORE_BYTES: setting(bytes, '64MiB', 'Bytes of events over all channels; beyond it publishing is refused.'),
  CLIENT_BUFFER: setting(
    bytes,
    '1MiB',
    'Bytes that may wait for one slow browser before it is cut off, to come back and replay.',
  ),
  MAX_STREAMS: setting(count(1), '20000', 'Open streams of one app.'),
  MAX_STREAMS_PER_ADDRESS: setting(count(1), '1000', 'Open streams of one address.'),
  MAX_STREAM_CHANNELS: setting(count(1), '100', 'Channels and patterns of one stream.'),
  HEARTBEAT: setting(duration, '15s', 'How often an open stream says that it lives.'),
  PUBLISH_KEY: secret(
    text,
    '',
    'The key for publishing; empty: one is made at the first start, kept in the store and printed.',
  ),
  PUBLISH_OPEN: flag('Anybody who reaches the app may publish, without a key.'),
  ACCESS_RULES: secret(
    text,
    '',
    'Who may read and write, as `allow read|write CHANNEL to TOKEN|anyone`, separated by `;`.',
  ),
  CORS_ORIGINS: setting(
    origins,
    '',
    'Origins whose pages may use this, as https://a.example,http://b.example:3000 or `*`.',
  ),
  CORS_OWNER: setting(
    oneOf('app', 'proxy'),
    'app',
    'Who sends the CORS headers: the app, or the proxy in front.',
  ),
  ALLOWED_HOSTS: setting(
    list,
    '',
    'Names under which the app may be reached, besides IP addresses, single words and *.local.',
  ),
  TRUST_PROXY: flag('A proxy stands in front: take addresses from X-Forwarded-For.'),
  PINS: setting(
    text,
    'button=17',
    'The pins, as button=17, door=27:debounce=50ms, led=18:out (BCM numbers).',
  ),
  GPIO_DRIVER: setting(
    oneOf('onoff', 'mock'),
    'onoff',
    'What reads the pins: onoff, or mock for a machine without pins.',
  ),
  MOCK_AUTO: setting(
    optionalDuration,
    '',
    'The mock presses its first button by itself, every so often, as 5s; empty: never.',
  ),
  ANNOUNCE: setting(text, 'sse', 'The channel on which each press is also an unnamed message; empty: none.'),
  OUTBOX: setting(
    count(1),
    '10000',
    'Events that the sidecar holds while Redis is away; beyond it the oldest is dropped.',
  ),
  LOG_LEVEL: setting(oneOf('debug', 'info', 'warn', 'error', 'silent'), 'info', 'How much is logged.'),
};

export type SettingName = keyof typeof settings;
export type Settings = { readonly [Name in SettingName]: ReturnType<(typeof settings)[Name]['read']> };
export type SettingTexts = { readonly [name: string]: string | undefined };

/** All settings, or every mistake in them at once. */
export function readSettings(texts: SettingTexts): { settings: Settings; problems: string[] } {
  const problems: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, { fallback, read }] of Object.entries(settings) as [SettingName, Setting<unknown>][]) {
    const given = texts[name];
    try {
      values[name] = read(given === undefined || given === '' ? fallback : given.trim());
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      problems.push(`${name} must be ${error.message}${isSecret(name) ? '' : `, but is "${given}"`}.`);
    }
  }
  return { settings: values as Settings, problems };
}

export function isSecret(name: SettingName): boolean {
  return (settings[name] as Setting<unknown>).secret === true;
}

export function isFlag(name: SettingName): boolean {
  return (settings[name] as Setting<unknown>).flag === true;
}

function setting<T>(read: (text: string) => T, fallback: string, help: string): Setting<T> {
  return { read, fallback, help };
}

function secret<T>(read: (text: string) => T, fallback: string, help: string): Setting<T> {
  return { read, fallback, help, secret: true };
}

function flag(help: string): Setting<boolean> {
  return { read: yesOrNo, fallback: '0', help, flag: true };
}

function text(value: string): string {
  return value;
}

function list(value: string): readonly string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function yesOrNo(value: string): boolean {
  if (['1', 'true', 'yes', 'on'].includes(value.toLowerCase())) return true;
  if (['0', 'false', 'no', 'off'].includes(value.toLowerCase())) return false;
  throw new RangeError('1 or 0');
}

function count(least: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || !Number.isSafeInteger(number) || number < least) {
      throw new RangeError(`a whole number of at least ${least}`);
    }
    return number;
  };
}

function port(value: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number > 65_535) throw new RangeError('a port from 0 to 65535');
  return number;
}

function oneOf<Choice extends string>(...choices: readonly Choice[]): (value: string) => Choice {
  return (value) => {
    if (!choices.includes(value as Choice)) throw new RangeError(choices.join(' or '));
    return value as Choice;
  };
}

const BYTE_UNITS: Record<string, number> = {
  '': 1,
  b: 1,
  k: 1024,
  kb: 1024,
  kib: 1024,
  m: 1024 ** 2,
  mb: 1024 ** 2,
  mib: 1024 ** 2,
  g: 1024 ** 3,
  gb: 1024 ** 3,
  gib: 1024 ** 3,
};

function bytes(value: string): number {
  const found = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(value);
  const unit = BYTE_UNITS[found?.[2]?.toLowerCase() ?? ''];
  if (!found || unit === undefined || Number(found[1]) === 0)
    throw new RangeError('a size like 65536, 512KiB or 64MiB');
  return Math.floor(Number(found[1]) * unit);
}

const TIME_UNITS: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds. */
export function duration(value: string): number {
  const found = /^(\d+(?:\.\d+)?) ?(ms|s|m|h|d)$/.exec(value);
  const ms = Number(found?.[1]) * (TIME_UNITS[found?.[2] ?? ''] ?? Number.NaN);
  if (!(ms >= 1)) throw new RangeError('a time like 250ms, 15s, 5m, 2h or 1d');
  return ms;
}

function optionalDuration(value: string): number | undefined {
  return value === '' ? undefined : duration(value);
}

function redisUrl(value: string): string {
  if (value === '') return value;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const goodDb = url && (url.protocol === 'unix:' || /^(\/\d*)?$/.test(url.pathname));
  if (!url || !['redis:', 'rediss:', 'unix:'].includes(url.protocol) || !goodDb) {
    throw new RangeError('an address like redis://localhost:6379 or redis://:password@host:6379/1');
  }
  return value;
}

export interface Sentinels {
  readonly name: string;
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
}

function sentinels(value: string): Sentinels | undefined {
  if (value === '') return undefined;
  const found = /^([^@]+)@(.+)$/.exec(value);
  const hosts = list(found?.[2] ?? '').map((item) => /^(.+?)(?::(\d+))?$/.exec(item));
  if (!found || hosts.length === 0) throw new RangeError('like mymaster@sentinel-a:26379,sentinel-b:26379');
  return {
    name: found[1] as string,
    hosts: hosts.map((host) => ({ host: host?.[1] as string, port: Number(host?.[2] ?? 26_379) })),
  };
}

function prefix(value: string): string {
  if (/[\s\p{Cc}*?[\]{}]/u.test(value)) throw new RangeError('a text without spaces, *, ?, [, ], { and }');
  return value;
}

function origins(value: string): readonly string[] {
  const all = list(value);
  for (const origin of all) {
    if (origin !== '*' && (!URL.canParse(origin) || new URL(origin).origin !== origin)) {
      throw new RangeError('a list of origins like https://a.example, without a path, or *');
    }
  }
  return all;
}
