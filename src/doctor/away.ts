import { type Answer, ask, NoAnswer } from './ask.ts';
import type { Case } from './case.ts';
import { corsProblem, rightly } from './cors.ts';
import { type Finding, fault, ok, skipped } from './finding.ts';
import { NO_PROXY } from './readTimeout.ts';

/** While it is really away, and at the addresses whose app always is. */
export const AWAY_NAMES = ['away-stream', 'away-sse', 'cors-502'] as const;
export const ADDRESS_NAMES = ['away-stream', 'cors-502'] as const;

const isAway = ({ head }: Answer) => head.status >= 502 && head.status <= 504;

/**
 * What a proxy says in the place of an app that is away. The bundle's nginx has addresses whose app is always away; with any
 * other the app has to be stopped.
 */
export async function checkAwayAddresses(one: Case, proxied: boolean): Promise<Finding[]> {
  const all = (reason: string) => ADDRESS_NAMES.map((name) => skipped(name, reason));
  if (!proxied) return all(NO_PROXY);
  const { origin } = one.target.url;
  const away = await ask(one.target, '/doctor/away', { within: one.patience.away });
  if (!isAway(away))
    return all(
      `what stands in front has no address for it. Stop the app, and run pinstream doctor ${origin} --away`,
    );
  return Promise.all([
    checkRefusal(one, ADDRESS_NAMES[0], '/doctor/away-stream', '/stream'),
    checkError(one, '/doctor/away'),
  ]);
}

/** The same while the app is away. */
export async function checkAway(one: Case): Promise<Finding[]> {
  const [stream, sse] = AWAY_NAMES;
  const { channel } = one;
  return Promise.all([
    checkRefusal(one, stream, `/stream?channel=${channel}`, '/stream'),
    checkRefusal(one, sse, `/sse/?channels=${channel}`, '/sse/'),
    checkError(one, '/healthz'),
  ]);
}

/** Whether the app is away, as `--away` wants it. */
export async function expectAway(one: Case): Promise<{ finding: Finding; away: boolean }> {
  const name = 'reachable';
  try {
    const answer = await ask(one.target, '/healthz', { within: one.patience.away });
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
  if (head.status !== 200 || head.type !== 'text/event-stream')
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
