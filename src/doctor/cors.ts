import { type Head, look, NoAnswer } from './ask.ts';
import type { Case } from './case.ts';
import { type Finding, fault, ok, skipped } from './finding.ts';
import type { Origins } from './origins.ts';

/** Addresses on which another owner of the headers is at work: the app, a stream's own rules, nobody. */
export const PLACES = [
  { name: 'cors', what: 'an answer', path: () => '/readyz' },
  { name: 'cors-stream', what: 'a stream', path: (channel: string) => `/stream?channel=${channel}` },
  { name: 'cors-404', what: 'a 404', path: () => '/doctor/nothing-is-here' },
] as const;

/** The app leaves it to what stands in front, and that is not seen here: who should have answered is not known. */
export const LEFT_TO_THE_PROXY =
  'CORS_OWNER=proxy leaves it to what stands in front of the app, and nothing seems to; if something does, it sends no Access-Control-Allow-Origin.';

/** Whether nobody answers pages of other origins here, since the app leaves that to a proxy, which is not seen. */
export async function isLeftAlone({ target, settings, origins }: Case, proxied: boolean): Promise<boolean> {
  if (settings.CORS_OWNER !== 'proxy' || proxied) return false;
  const head = await look(target, '/readyz', { headers: { Origin: origins.allowed ?? origins.foreign } });
  return head.all('access-control-allow-origin').length === 0;
}

/** Whether pages of an allowed origin may read it, and those of a foreign one may not. */
export async function checkCors(
  one: Case,
  { name, what, path }: (typeof PLACES)[number],
  proxied: boolean,
): Promise<Finding> {
  try {
    if (await isLeftAlone(one, proxied)) return skipped(name, LEFT_TO_THE_PROXY);
    const problem = await corsProblem(one, path(one.channel), what);
    return problem === undefined ? ok(name, `${what}: ${rightly(one.origins)}`) : fault(name, problem);
  } catch (error) {
    // A stream that does not begin is told of elsewhere.
    if (error instanceof NoAnswer && name === 'cors-stream') return skipped(name, 'no stream begins.');
    throw error;
  }
}

/** What an answer of this address says wrong to pages of other origins. */
export async function corsProblem(one: Case, path: string, what: string): Promise<string | undefined> {
  const { target, origins } = one;
  const { allowed, foreign } = origins;
  const headOf = (origin: string) => look(target, path, { headers: { Origin: origin } });
  const [named, stranger] = await Promise.all([allowed && headOf(allowed), headOf(foreign)]);
  return (named && toNamed(named, origins, what)) || toForeign(stranger, origins, what);
}

/** What all is well reads like. */
export function rightly({ allowed, everyone }: Origins): string {
  const named = allowed === undefined ? '' : `pages of ${allowed} may read it`;
  if (everyone) return `${named ? `${named}, and ` : ''}pages of every origin may read it, without cookies`;
  return named
    ? `${named}, others may not`
    : 'right for a foreign origin (--origin looks with an allowed one too)';
}

function toNamed(head: Head, { allowed: origin = '', everyone }: Origins, what: string): string | undefined {
  const anyway = always(head, what);
  if (anyway) return anyway;
  const [given] = head.all('access-control-allow-origin');
  if (given === '*') return undefined;
  if (given !== origin) {
    return `Pages of ${origin} may not read ${what}: ${given === undefined ? 'it has no Access-Control-Allow-Origin' : `its Access-Control-Allow-Origin is ${given}`}. Is that origin in CORS_ORIGINS? In nginx the header needs "always", and a location with an add_header of its own has lost it.`;
  }
  if (!withCookies(head) && !everyone)
    return `Pages of ${origin} may read ${what} only without cookies and keys: Access-Control-Allow-Credentials is missing.`;
  const vary = head.all('vary').flatMap((value) => value.toLowerCase().split(/\s*,\s*/));
  if (!vary.includes('origin') && !vary.includes('*'))
    return `Vary: Origin is missing on ${what}: a cache would give the answer for one origin to another.`;
  return undefined;
}

function toForeign(head: Head, { foreign, everyone }: Origins, what: string): string | undefined {
  const anyway = always(head, what);
  if (anyway) return anyway;
  const [given] = head.all('access-control-allow-origin');
  // Without cookies it is as good as *.
  if (given === foreign && (withCookies(head) || everyone === false))
    return `Pages of every origin may read ${what}${withCookies(head) ? ", with their reader's cookies" : ''}: whatever Origin comes is sent back. Send it only where it is in CORS_ORIGINS.`;
  if (given === '*' && everyone === false)
    return `Pages of every origin may read ${what} (*), though CORS_ORIGINS names only some.`;
  if (given === undefined && everyone)
    return `Pages of most origins may not read ${what}, though CORS_ORIGINS is *: it has no Access-Control-Allow-Origin.`;
  return undefined;
}

function withCookies(head: Head): boolean {
  return head.all('access-control-allow-credentials').includes('true');
}

/** What is wrong for whomever it is. */
function always(head: Head, what: string): string | undefined {
  const given = head.all('access-control-allow-origin').flatMap((value) => value.split(/,\s*/));
  if (given.length > 1)
    return `Access-Control-Allow-Origin comes ${given.length} times on ${what}, which browsers take for none: either the app sends it or what stands in front (CORS_OWNER=proxy).`;
  if (given[0] === '*' && head.all('access-control-allow-credentials').length > 0)
    return `Access-Control-Allow-Credentials comes together with * on ${what}: credentials are only for origins that are named.`;
  return undefined;
}
