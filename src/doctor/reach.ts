import { type Answer, ask, complaintOf, NoAnswer, objectIn, shown, type Target } from './ask.ts';
import { type Finding, fault, ok } from './finding.ts';

/**
 * `well`: Pinstream can serve. `unready`: it answers, and cannot serve. `away`: a proxy answers in its place. `lost`: there is
 * nothing of ours.
 */
export interface Reached {
  readonly finding: Finding;
  readonly state: 'well' | 'unready' | 'away' | 'lost';
  /** Whether something stands in front of the app. */
  readonly proxied: boolean;
  /** The clock there, and the time here when it was told. */
  readonly clock?: { readonly there: number; readonly here: number };
}

const NAME = 'reachable';
const AWAY = new Set([502, 503, 504]);

/** Whether Pinstream answers there, and can serve. */
export async function reach(target: Target, now: () => number): Promise<Reached> {
  const { origin } = target.url;
  const found = (state: Reached['state'], finding: Finding, answer?: Answer): Reached => ({
    state,
    finding,
    proxied: answer !== undefined && isProxied(answer),
    ...clockOf(answer, now()),
  });
  let alive: Answer;
  let ready: Answer;
  try {
    alive = await ask(target, '/healthz');
    const wrong = wrongIn(alive, target);
    if (wrong) return found(wrong.state, fault(NAME, wrong.text), alive);
    ready = await ask(target, '/readyz');
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return found('lost', fault(NAME, error.message));
  }
  const said = objectIn(ready.text);
  if (typeof said?.ready !== 'boolean') return found('lost', fault(NAME, strangerAt(origin, ready)), ready);
  if (said.ready) return found('well', ok(NAME, 'Pinstream answers', alive.ms), ready);
  const { problem = "look at the app's log." } = said;
  return found(
    'unready',
    fault(NAME, `Pinstream answers, but cannot serve: ${shown(String(problem))}`),
    ready,
  );
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
  const [location] = head.all('location');
  if (head.status >= 300 && head.status < 400 && location !== undefined) {
    const to = URL.canParse(location, origin) ? new URL(location, origin).origin : shown(location);
    return {
      state: 'lost',
      text: `${origin} only leads to ${to}: look there, by pinstream doctor ${to}`,
    };
  }
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

function strangerAt(origin: string, { head }: Answer): string {
  return `What answers at ${origin} is not Pinstream, but says ${head.shown}: is the address right?`;
}

/** The app itself says neither; nearly every proxy says one of both. */
function isProxied({ head }: Answer): boolean {
  return head.all('server').length > 0 || head.all('via').length > 0;
}

function clockOf(answer: Answer | undefined, here: number): Pick<Reached, 'clock'> {
  const there = Date.parse(answer?.head.all('date')[0] ?? '');
  return Number.isNaN(there) ? {} : { clock: { there, here } };
}
