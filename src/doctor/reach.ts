import { type Answer, ask, complaintOf, type Head, NoAnswer, objectIn, shown, type Target } from './ask.ts';
import { type Case, withoutKey } from './case.ts';
import { type Finding, fault, ok } from './finding.ts';

/**
 * `well`: Pinstream can serve. `unready`: it answers, and cannot serve. `away`: a proxy answers in its place. `lost`: there is
 * nothing of ours.
 */
export interface Reached {
  readonly finding: Finding;
  readonly state: 'well' | 'unready' | 'away' | 'lost';
  /** Whether what stands in front of the app says so. Some never do: false says nothing. */
  readonly proxied: boolean;
  /** The clock there, and the time here when it was told. */
  readonly clock?: { readonly there: number; readonly here: number };
}

const NAME = 'reachable';
const AWAY = new Set([502, 503, 504]);

/** Whether Pinstream answers there, and can serve. */
export async function reach(one: Case): Promise<Reached> {
  const { target, machine, settings } = withoutKey(one);
  const { origin } = target.url;
  let proxied = false;
  let clock: Pick<Reached, 'clock'> = {};
  const hear = async (path: string) => {
    const answer = await ask(target, path);
    proxied = isProxied(answer);
    clock = clockOf(answer, machine.now());
    return answer;
  };
  const found = (state: Reached['state'], finding: Finding): Reached => ({
    state,
    finding,
    proxied,
    ...clock,
  });
  let alive: Answer;
  let ready: Answer;
  try {
    alive = await hear('/healthz');
    const wrong = wrongIn(alive, target);
    const elsewhere = wrong?.state === 'lost' ? undefined : await elsewhereAt(target);
    if (elsewhere) return found('lost', fault(NAME, elsewhere));
    if (wrong) return found(wrong.state, fault(NAME, wrong.text));
    ready = await hear('/readyz');
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return found('lost', fault(NAME, `${error.message}${whoIsMissing(target)}`));
  }
  const said = objectIn(ready.text);
  if (typeof said?.ready !== 'boolean') return found('lost', fault(NAME, strangerAt(origin, ready)));
  if (said.ready) {
    const bare = settings.CORS_OWNER === 'proxy' && !proxied;
    return found('well', ok(NAME, `Pinstream answers${bare ? SHOULD_BE_PROXIED : ''}`, alive.ms));
  }
  const { problem = "look at the app's log." } = said;
  return found('unready', fault(NAME, `Pinstream answers, but cannot serve: ${shown(String(problem))}`));
}

/** What is wrong with the answer of /healthz. */
function wrongIn(answer: Answer, { url }: Target): { state: 'away' | 'lost'; text: string } | undefined {
  const { head, text } = answer;
  const { origin, hostname } = url;
  if (AWAY.has(head.status)) {
    return {
      state: 'away',
      text: `What stands in front answers ${head.status}: the app behind it is not there. Start it, or look at its log (docker compose logs app).`,
    };
  }
  if (head.status === 421) {
    return {
      state: 'lost',
      text: `Pinstream does not take ${shown(hostname)} for a name of its own: add it to ALLOWED_HOSTS.`,
    };
  }
  const to = placeOf(head, origin);
  if (to !== undefined) return { state: 'lost', text: leadsTo(origin, to) };
  if (head.status === 401 || head.status === 403) {
    return { state: 'lost', text: `What stands in front lets nobody in: ${complaintOf(answer)}` };
  }
  if (head.status === 429) {
    return { state: 'lost', text: `What stands in front refuses for now: ${complaintOf(answer)}` };
  }
  if (head.status !== 200 || objectIn(text)?.status !== 'ok')
    return { state: 'lost', text: strangerAt(origin, answer) };
  return undefined;
}

/**
 * Where all but the health is sent to HTTPS, as the bundle does it: a sentence that says where to. Where else a page leads, to
 * somebody's own site or a login, is no matter of the streams beside it.
 */
export async function elsewhereAt(target: Target): Promise<string | undefined> {
  const { origin, hostname } = target.url;
  const page = await ask(target, '/').catch(() => undefined);
  const to = page && placeOf(page.head, origin);
  if (to === undefined || to === origin || !URL.canParse(to)) return undefined;
  const secure = new URL(to);
  return secure.protocol === 'https:' && secure.hostname === hostname ? leadsTo(origin, to) : undefined;
}

/** Where a redirect leads. */
function placeOf(head: Head, origin: string): string | undefined {
  const [location] = head.all('location');
  if (head.status < 300 || head.status >= 400 || location === undefined) return undefined;
  return URL.canParse(location, origin) ? new URL(location, origin).origin : shown(location);
}

function leadsTo(origin: string, to: string): string {
  return `${origin} only leads to ${to}: look there, by pinstream doctor ${to}`;
}

const SHOULD_BE_PROXIED =
  '; but CORS_OWNER=proxy wants something in front of the app, and nothing seems to stand there: look at the address that browsers use';

/** In the bundle the name is gone with the container, and whoever did not type it would not know what it was. */
function whoIsMissing({ url }: Target): string {
  return url.hostname === 'nginx'
    ? ' Is nginx running? docker compose ps and docker compose logs nginx say it. What else stands in front of the app has to be named: pinstream doctor URL'
    : '';
}

function strangerAt(origin: string, { head }: Answer): string {
  return `What answers at ${origin} is not Pinstream, but says ${head.shown}: is the address right?`;
}

/** The app itself says neither; most proxies say one of both. */
function isProxied({ head }: Answer): boolean {
  return head.all('server').length > 0 || head.all('via').length > 0;
}

function clockOf(answer: Answer | undefined, here: number): Pick<Reached, 'clock'> {
  const there = Date.parse(answer?.head.all('date')[0] ?? '');
  return Number.isNaN(there) ? {} : { clock: { there, here } };
}
