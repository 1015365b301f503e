/** A channel is a name: equal to the Redis channel of the same name, so that `redis-cli publish NAME` reaches it. */

export const MAX_CHANNEL_BYTES = 200;
/** Each costs a search in every channel that it is compared with. */
const MAX_STARS = 4;

const CONTROL = /\p{Cc}/u;
const LONE_SURROGATE = /\p{Cs}/u;
const utf8 = new TextEncoder();

/** How many bytes a text takes in UTF-8. */
export function byteLength(text: string): number {
  return utf8.encode(text).length;
}

/** Why a name can't be a channel, as a sentence; undefined when it can. */
export function channelProblem(name: string): string | undefined {
  if (name.includes('*')) return 'A channel cannot contain "*": that is for patterns, which only listen.';
  return patternProblem(name);
}

/** Why a name can't be listened to: what holds for channels, but `*` is allowed. */
export function patternProblem(name: string): string | undefined {
  if (name === '') return 'A channel needs a name of 1 to 200 bytes.';
  if (byteLength(name) > MAX_CHANNEL_BYTES) return 'A channel has at most 200 bytes in UTF-8.';
  if (CONTROL.test(name)) return 'A channel cannot contain control characters.';
  if (LONE_SURROGATE.test(name)) return 'A channel must be valid Unicode.';
  if (name.split('*').length > MAX_STARS + 1) return `A pattern has at most ${MAX_STARS} "*".`;
  if (name.startsWith('pinstream:')) return 'Channels that begin with "pinstream:" are for Pinstream itself.';
  if (name.startsWith('__')) return 'Channels that begin with "__" are for Redis itself.';
  return undefined;
}

export function isPattern(name: string): boolean {
  return name.includes('*');
}

/**
 * Whether a channel is meant by a pattern: `*` stands for any text, all else for itself. It is not split at its stars: that
 * would be most of the cost.
 */
export function matches(pattern: string, channel: string): boolean {
  let star = pattern.indexOf('*');
  if (star < 0) return channel === pattern;
  const lastStar = pattern.lastIndexOf('*');
  const end = channel.length - (pattern.length - 1 - lastStar);
  if (end < star) return false;
  if (!channel.startsWith(pattern.slice(0, star)) || !channel.endsWith(pattern.slice(lastStar + 1)))
    return false;
  let from = star;
  while (star < lastStar) {
    const next = pattern.indexOf('*', star + 1);
    const part = pattern.slice(star + 1, next);
    const found = channel.indexOf(part, from);
    if (found < 0 || found + part.length > end) return false;
    from = found + part.length;
    star = next;
  }
  return true;
}
