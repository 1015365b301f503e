const HUES = 8;

/** The same channel has the same colour, today and tomorrow. */
export function hueOf(channel: string): number {
  let hash = 0;
  for (let i = 0; i < channel.length; i++) hash = (hash * 31 + channel.charCodeAt(i)) >>> 0;
  return hash % HUES;
}
