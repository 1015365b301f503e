import { type Answer, ask, NoAnswer } from './ask.ts';
import { type Case, withoutKey } from './case.ts';
import { corsProblem, rightly } from './cors.ts';
import { type Finding, fault, ok, skipped } from './finding.ts';
import { elsewhereAt } from './reach.ts';

export const AWAY_NAMES = ['away-stream', 'away-sse', 'cors-502'] as const;

/** Where it is said: while the app is really away; and at the addresses of the bundle's nginx whose app always is. */
interface Addresses {
  readonly stream: string;
  readonly sse: string;
  readonly other: string;
}
const ALWAYS_AWAY: Addresses = {
  stream: '/doctor/away/stream',
  sse: '/doctor/away/sse',
  other: '/doctor/away',
};

const isAway = ({ head }: Answer) => head.status >= 502 && head.status <= 504;

/**
 * What a proxy says in the place of an app that is away, as far as it has addresses for that; with one that has none the app has to
 * be stopped. Not every proxy says that it is there, so all are asked.
 */
export async function checkAwayAddresses(one: Case, proxied: boolean): Promise<Finding[]> {
  const { target, patience } = withoutKey(one);
  if (isAway(await ask(target, ALWAYS_AWAY.other, { within: patience.away })))
    return checkAll(one, ALWAYS_AWAY);
  const how = `stop the app, and run pinstream doctor ${target.url.origin} --away`;
  const reason = proxied
    ? `what stands in front has no address for it: ${how}`
    : `if something stands in front of the app: ${how}`;
  return AWAY_NAMES.map((name) => skipped(name, reason));
}

/** The same while the app is away. */
export async function checkAway(one: Case): Promise<Finding[]> {
  const { channel } = one;
  return checkAll(one, {
    stream: `/stream?channel=${channel}`,
    sse: `/sse/?channels=${channel}`,
    other: '/healthz',
  });
}

function checkAll(one: Case, { stream, sse, other }: Addresses): Promise<Finding[]> {
  const [streamName, sseName] = AWAY_NAMES;
  const plain = withoutKey(one);
  return Promise.all([
    checkRefusal(plain, streamName, stream, '/stream'),
    checkRefusal(plain, sseName, sse, '/sse/'),
    checkError(plain, other),
  ]);
}

/** Whether the app is away, as `--away` wants it. */
export async function expectAway(one: Case): Promise<{ finding: Finding; away: boolean }> {
  const name = 'reachable';
  const { target, patience } = withoutKey(one);
  try {
    const answer = await ask(target, '/healthz', { within: patience.away });
    const elsewhere = await elsewhereAt(target);
    if (elsewhere) return { finding: fault(name, elsewhere), away: false };
    if (isAway(answer))
      return { finding: ok(name, 'a proxy answers, and the app is away', answer.ms), away: true };
    return {
      finding: fault(
        name,
        `The app answers (${answer.head.shown}): --away looks at what is said in its place, so stop it first (docker compose stop app).`,
      ),
      away: false,
    };
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return { finding: fault(name, error.message), away: false };
  }
}

/** A stream is refused as a browser understands it: with 200, a word when to come back, and its end. */
async function checkRefusal(one: Case, name: string, path: string, shownPath: string): Promise<Finding> {
  const answer = await ask(one.target, path, {
    headers: { Accept: 'text/event-stream' },
    within: one.patience.away,
  });
  const { head, text, whole } = answer;
  const what = `While the app is away, ${shownPath}`;
  if (!head.isStream)
    return fault(
      name,
      `${what} is answered ${head.shown}, on which browsers give up for ever: answer 200 with a retry, as @away_stream in nginx/templates does.`,
    );
  if (!/^retry: ?\d+\r?$/m.test(text))
    return fault(
      name,
      `${what} does not say when to come back, so that all browsers come at once: begin with retry:, as @away_stream in nginx/templates does.`,
    );
  if (!whole) return fault(name, `${what} is refused, but the answer does not end.`);
  const problem = await corsProblem(one, path, `the refusal of ${shownPath}`);
  if (problem) return fault(name, problem);
  return ok(name, `while the app is away, ${shownPath} is a 200 that says when to come back`);
}

async function checkError(one: Case, path: string): Promise<Finding> {
  const name = 'cors-502';
  const problem = await corsProblem(one, path, 'a 502');
  return problem ? fault(name, problem) : ok(name, `a 502: ${rightly(one.origins)}`);
}
