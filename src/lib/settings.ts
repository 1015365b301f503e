import {
  bytes,
  count,
  duration,
  list,
  oneOf,
  optionalDuration,
  origins,
  port,
  prefix,
  redisUrl,
  sentinels,
  text,
  textOrNone,
  yesOrNo,
} from './kinds.ts';

export { duration, type Sentinels } from './kinds.ts';

/**
 * Every setting: its environment variable, default, meaning, and how its text is read. Each is also a flag of the command
 * (`PORT` is `--port`). README's table and `.env.example` are held to this list by a test.
 */

export interface Setting<T> {
  readonly fallback: string;
  readonly help: string;
  readonly secret?: true;
  readonly flag?: true;
  readonly read: (text: string) => T;
}

export const settings = {
  PORT: setting(port, '8080', 'The port of the app.'),
  HOST: setting(text, '127.0.0.1', 'The address that the app listens on; 0.0.0.0 for every network.'),
  SOCKET: setting(
    text,
    '',
    'A path at which a proxy on the same machine reaches the app besides, as long as there is one app; empty: none.',
  ),
  REDIS_URL: secret(
    redisUrl,
    '',
    'The Redis to share, as redis://[user:password@]host[:port][/db]; empty: the app keeps all in memory.',
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
    'The key for publishing; empty: the app makes one at its first start, kept in the store and printed.',
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
    oneOf('onoff', 'gpiomon', 'auto', 'mock'),
    'onoff',
    'What reads the pins: onoff, gpiomon, auto for the one that works, or mock for a machine without pins.',
  ),
  GPIO_CHIP: setting(
    text,
    '',
    "The GPIO chip that PINS counts in, by its label or its device; empty: the one behind a Raspberry Pi's header.",
  ),
  MOCK_AUTO: setting(
    optionalDuration,
    '',
    'The mock presses its first button by itself, every so often, as 5s; empty: never.',
  ),
  ANNOUNCE: setting(
    textOrNone,
    'sse',
    'The channel on which each press is also an unnamed message; `none`: on no channel.',
  ),
  OUTBOX: setting(
    count(1),
    '10000',
    'Events that the sidecar holds while Redis is away; beyond it the oldest is dropped.',
  ),
  HEALTH_FILE: setting(
    text,
    '',
    'A file that the sidecar renews every few seconds while it lives, saying how it is; empty: none.',
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
