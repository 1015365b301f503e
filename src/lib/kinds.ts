/**
 * How the text of a setting is read. What it cannot mean throws a RangeError whose message completes "NAME must be …".
 */

export function text(value: string): string {
  return value;
}

/** A setting that is empty has its default: what shall really be empty needs a word. */
export function textOrNone(value: string): string {
  return value === 'none' ? '' : value;
}

export function list(value: string): readonly string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

export function yesOrNo(value: string): boolean {
  if (['1', 'true', 'yes', 'on'].includes(value.toLowerCase())) return true;
  if (['0', 'false', 'no', 'off'].includes(value.toLowerCase())) return false;
  throw new RangeError('1 or 0');
}

export function count(least: number): (value: string) => number {
  return (value) => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || !Number.isSafeInteger(number) || number < least) {
      throw new RangeError(`a whole number of at least ${least}`);
    }
    return number;
  };
}

export function port(value: string): number {
  const number = Number(value);
  if (!/^\d+$/.test(value) || number > 65_535) throw new RangeError('a port from 0 to 65535');
  return number;
}

const EITHER = new Intl.ListFormat('en-GB', { type: 'disjunction' });

export function oneOf<Choice extends string>(...choices: readonly Choice[]): (value: string) => Choice {
  return (value) => {
    if (!choices.includes(value as Choice)) throw new RangeError(EITHER.format(choices));
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

export function bytes(value: string): number {
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

export function optionalDuration(value: string): number | undefined {
  return value === '' ? undefined : duration(value);
}

export function redisUrl(value: string): string {
  if (value === '') return value;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const goodDb = url && (url.protocol === 'unix:' || /^(\/\d*)?$/.test(url.pathname));
  const goodUser = url && /^(?:[^%]|%[0-9a-f]{2})*$/i.test(url.username + url.password);
  if (!url || !['redis:', 'rediss:', 'unix:'].includes(url.protocol) || !goodDb || !goodUser) {
    throw new RangeError('an address like redis://localhost:6379 or redis://:password@host:6379/1');
  }
  return value;
}

export interface Sentinels {
  readonly name: string;
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
}

export function sentinels(value: string): Sentinels | undefined {
  if (value === '') return undefined;
  const [, name, all = ''] = /^([^@]+)@(.+)$/.exec(value) ?? [];
  const hosts = list(all).map(hostAndPort);
  if (name === undefined || hosts.length === 0) {
    throw new RangeError('like mymaster@sentinel-a:26379,sentinel-b:26379');
  }
  return { name, hosts };
}

function hostAndPort(item: string): { host: string; port: number } {
  const found = /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/i.exec(item);
  const number = Number(found?.[3] ?? 26_379);
  const host = found?.[1] ?? found?.[2];
  if (host === undefined || number < 1 || number > 65_535) {
    throw new RangeError('like mymaster@sentinel-a:26379,[::1]:26379, with ports from 1 to 65535');
  }
  return { host, port: number };
}

export function prefix(value: string): string {
  if (/[\s\p{Cc}*?[\]{}]/u.test(value)) throw new RangeError('a text without spaces, *, ?, [, ], { and }');
  return value;
}

export function origins(value: string): readonly string[] {
  const all = list(value);
  for (const origin of all) {
    if (origin !== '*' && (!URL.canParse(origin) || new URL(origin).origin !== origin)) {
      throw new RangeError('a list of origins like https://a.example, without a path, or *');
    }
  }
  return all;
}
