import { type Head, look } from './ask.ts';
import type { Case } from './case.ts';
import { isLeftAlone, LEFT_TO_THE_PROXY } from './cors.ts';
import { type Finding, fault, ok, skipped } from './finding.ts';

const NAME = 'preflight';
const HEADERS = ['Authorization', 'Cache-Control', 'Content-Type', 'Last-Event-ID'];
const QUESTIONS = [
  ['GET', '/stream'],
  ['POST', '/events'],
  ['PUT', '/stream/0000000000000000000000'],
] as const;

/** What a browser asks before a page of another origin may send a key, JSON or a cursor. */
export async function checkPreflight(one: Case, proxied: boolean): Promise<Finding> {
  const { target, origins } = one;
  const origin = origins.allowed ?? (origins.everyone ? origins.foreign : undefined);
  if (origin === undefined) return skipped(NAME, 'say which origin is allowed, by --origin or CORS_ORIGINS.');
  if (await isLeftAlone(one, proxied)) return skipped(NAME, LEFT_TO_THE_PROXY);
  const problems = await Promise.all(
    QUESTIONS.map(async ([method, path]) => {
      const head = await look(target, path, {
        method: 'OPTIONS',
        headers: {
          Origin: origin,
          'Access-Control-Request-Method': method,
          'Access-Control-Request-Headers': HEADERS.join(',').toLowerCase(),
        },
      });
      return problemOf(head, method, path);
    }),
  );
  const problem = problems.find((one) => one !== undefined);
  return problem ? fault(NAME, problem) : ok(NAME, 'a preflight is answered, for keys, JSON and cursors');
}

function problemOf(head: Head, method: string, path: string): string | undefined {
  const [place] = path.split('/0');
  const what = `OPTIONS ${place}`;
  if (head.status < 200 || head.status > 299)
    return `${what} is answered ${head.status}: pages of other origins can send no key, no JSON and no cursor. Answer it with 204.`;
  if (head.all('access-control-allow-origin').length !== 1)
    return `${what} needs one Access-Control-Allow-Origin, but has ${head.all('access-control-allow-origin').length || 'none'}.`;
  const missing = HEADERS.filter((header) => !allows(head, 'headers', header));
  if (missing.length > 0)
    return `${what} does not allow ${missing.join(', ')}: add it to Access-Control-Allow-Headers.`;
  // A browser needs no leave for these two.
  if (method !== 'GET' && method !== 'POST' && !allows(head, 'methods', method))
    return `${what} does not allow ${method}: add it to Access-Control-Allow-Methods.`;
  return undefined;
}

function allows(head: Head, kind: 'headers' | 'methods', what: string): boolean {
  const listed = head
    .all(`access-control-allow-${kind}`)
    .flatMap((value) => value.toLowerCase().split(/,\s*/));
  // `*` means all but Authorization.
  return listed.includes(what.toLowerCase()) || (what !== 'Authorization' && listed.includes('*'));
}
