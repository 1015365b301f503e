import { isIP } from 'node:net';

/**
 * Whether the app may be reached under a name. A page elsewhere can make its own name resolve to the Pi's address and would
 * then be of the same origin (DNS rebinding); it cannot do so under an address, a single word or a `.local` name.
 */
export function isOwnHost(header: string | undefined, allowed: readonly string[]): boolean {
  if (header === undefined) return true; // HTTP/1.0: no browser
  const host = hostname(header);
  if (host === '') return false;
  if (isIP(host) !== 0 || !host.includes('.') || host.endsWith('.local')) return true;
  return allowed.some((name) => name.toLowerCase() === host);
}

function hostname(header: string): string {
  const found = /^(?:\[([0-9a-f:.]+)\]|([^:[\]/@\s]+))(?::\d*)?$/i.exec(header);
  return (found?.[1] ?? found?.[2] ?? '').toLowerCase().replace(/\.$/, '');
}
