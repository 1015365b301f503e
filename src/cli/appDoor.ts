import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { GaveUp } from '../bus/producer.ts';
import { type Door, isAway, type Outcome } from './door.ts';

/** As many as the app takes at once, and bytes of JSON that go through a proxy with nginx's own limit, with room to spare. */
const MOST_AT_ONCE = 100;
const MOST_BYTES = 524_288;
const PAUSE_MS = 250;
/** Statuses that pass: the app is away, or a proxy in front of it wants fewer requests. */
const WAIT = [429, 502, 503, 504];
/** A single try: longer than the app itself waits for its store, and long enough for one that is only slow. */
const LONGEST_TRY_MS = 10_000;
const SHORTEST_TRY_MS = 1_000;

/**
 * Through an app. Each text has a key of its own, the same with each try: what was kept although the answer got lost is not
 * kept twice.
 */
export function appDoor(url: string, token: string, channel: string, event: string): Door {
  const headers = {
    'Content-Type': 'application/json',
    ...(token ? { Authorization: `Bearer ${token}` } : {}),
  };
  const post = async (body: string, ms: number) => {
    const signal = AbortSignal.timeout(Math.min(LONGEST_TRY_MS, Math.max(SHORTEST_TRY_MS, Math.ceil(ms))));
    const answer = await fetch(new URL('/events', url), { method: 'POST', headers, body, signal });
    return { status: answer.status, text: await answer.text() };
  };
  return {
    most: MOST_AT_ONCE,
    async send(texts, patience) {
      const items = itemsOf(texts, (data) => ({
        channel,
        event,
        data,
        key: randomBytes(12).toString('base64url'),
      }));
      const nobody = `Nobody answers at ${url}. Is Pinstream running there? Say where with --url, or set REDIS_URL.`;
      let outcomes: Outcome[] = items.map(() => ({ problem: nobody, away: true }));
      const deadline = performance.now() + patience;
      for (;;) {
        const answer = await post(`[${items.join()}]`, deadline - performance.now()).catch(() => undefined);
        if (answer) outcomes = outcomesOf(answer, outcomes);
        const left = deadline - performance.now();
        if (left <= 0 || !outcomes.some(isAway)) return outcomes;
        await sleep(Math.min(PAUSE_MS, left));
      }
    },
    close: async () => undefined,
  };
}

/** The JSON of as many of them as go at once, at least of one. */
function itemsOf(texts: readonly string[], itemOf: (text: string) => object): string[] {
  const items: string[] = [];
  let bytes = 0;
  for (const text of texts) {
    const item = JSON.stringify(itemOf(text));
    bytes += Buffer.byteLength(item);
    if (items.length > 0 && bytes > MOST_BYTES) break;
    items.push(item);
  }
  return items;
}

interface Answered {
  readonly id?: string;
  readonly status?: number;
  readonly error?: string;
}

/** What one answer says of each item; where it does not say, what was known before stays. */
function outcomesOf({ status, text }: { status: number; text: string }, before: Outcome[]): Outcome[] {
  const said = jsonOf(text);
  if (status === 201 || status === 207) {
    if (!Array.isArray(said) || said.length !== before.length)
      throw new GaveUp('What answers there is not Pinstream: say where it is with --url.');
    return said.map((one) => outcomeOf(one as Answered));
  }
  const { id: _, ...refusal } = (said ?? {}) as Answered;
  const outcome = outcomeOf({ ...refusal, status });
  return before.map((known) => (isAway(known) ? outcome : known));
}

function outcomeOf({ id, status = 0, error = `The app answered ${status}.` }: Answered): Outcome {
  if (id !== undefined) return { id };
  if (WAIT.includes(status)) return { problem: error, away: true };
  if (status === 413 || status === 507) return { problem: error, away: false };
  throw new GaveUp(`${error}${status === 401 ? ' Set PUBLISH_KEY to it.' : ''}`);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
