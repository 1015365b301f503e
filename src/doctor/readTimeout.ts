import { type Answer, ask, complaintOf, look, NoAnswer } from './ask.ts';
import type { Case } from './case.ts';
import { EventStream, sayingIn } from './eventStream.ts';
import { type Finding, fault, ok, skipped } from './finding.ts';

const MINUTE_S = 60;
/** A busy machine may be late by so much. */
const LATE_MS = 5_000;

const LONGER = 'in nginx: proxy_read_timeout 1d for /stream and /sse/ (docs/operations.md, "Behind nginx").';

/** A stream on which nothing comes may be open for more than a minute. */
export async function checkReadTimeout(
  one: Case,
  { proxied, opens }: { proxied: boolean; opens: boolean },
): Promise<Finding> {
  const name = 'timeout';
  const { patience } = one;
  const hint = await readHint(one);
  if (hint !== undefined && hint <= MINUTE_S)
    return fault(
      name,
      `nginx cuts a stream off on which nothing comes for ${hint} s: let it wait longer, ${LONGER}`,
    );
  if (one.slow) return opens ? measure(one) : skipped(name, 'no stream opens.');
  if (hint !== undefined) return ok(name, `nginx waits ${hint} s for the next event of a stream`);
  if (!opens) return skipped(name, 'no stream opens.');
  const how = `--slow looks whether a stream lasts, in ${Math.ceil(patience.stream / 1000)} s.`;
  return skipped(
    name,
    proxied
      ? `what stands in front does not say. ${how}`
      : `nothing here says so. If something stands in front of the app: ${how}`,
  );
}

/** How many seconds nginx waits for the next event, as the bundle's says; undefined where nobody does. */
async function readHint({ target, channel, patience }: Case): Promise<number | undefined> {
  const within = { within: patience.opening };
  const head = await look(target, `/stream?channel=${channel}`, within).catch(() => undefined);
  const [said] = head?.all('x-pinstream-read-timeout') ?? [];
  return said !== undefined && /^\d+$/.test(said) ? Number(said) : undefined;
}

/** Its heartbeats count as something that comes: so what is seen is that a stream lasts, not how long it may be quiet. */
async function measure({ target, channel, patience }: Case): Promise<Finding> {
  const name = 'timeout';
  const began = performance.now();
  const stream = await EventStream.open(target, `/stream?channel=${channel}-long`);
  try {
    const open = await stream.find((block) => sayingIn(block, 'open') !== undefined, patience.opening);
    if (!open) return skipped(name, 'no stream opens.');
    const ended = await stream.endsWithin(patience.stream);
    const lived = Math.round((performance.now() - began) / 1000);
    if (ended)
      return fault(
        name,
        `A stream is cut off after ${lived} s: let what stands in front wait longer, ${LONGER}`,
      );
    const beats = stream.blocks.some((block) => sayingIn(block, 'ping') !== undefined);
    return ok(
      name,
      `a stream is open for ${patience.stream / 1000} s, ${beats ? 'with its heartbeats' : 'and quiet'}, and goes on`,
    );
  } finally {
    stream.close();
  }
}

/** `GET /events?wait=60` is answered after a minute of silence, not cut off. */
export async function checkLongPoll({ target, channel, slow, patience }: Case): Promise<Finding> {
  const name = 'long-poll';
  const seconds = patience.poll / 1000;
  if (!slow) return skipped(name, `it takes ${seconds} s. --slow waits for it.`);
  const question = `GET /events?wait=${seconds}`;
  const longer = 'let what stands in front wait longer, in nginx: proxy_read_timeout 75s.';
  const began = performance.now();
  let answer: Answer;
  try {
    const path = `/events?channel=${channel}-long&wait=${seconds}`;
    answer = await ask(target, path, { within: patience.poll + LATE_MS });
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return fault(name, `${question} gets no answer, and ends after ${secondsSince(began)} s: ${longer}`);
  }
  const { status } = answer.head;
  if (status === 200 && answer.whole) return ok(name, 'a quiet long poll is answered in its time');
  if (status === 401 || status === 403)
    return skipped(name, 'to read here needs a key: PUBLISH_KEY may read everything.');
  if (status === 200) return fault(name, `${question} is cut off after ${secondsSince(began)} s: ${longer}`);
  if (status === 504)
    return fault(name, `${question} is answered 504 after ${secondsSince(began)} s: ${longer}`);
  return fault(name, `${question} is not answered as it should be: ${complaintOf(answer)}`);
}

function secondsSince(began: number): number {
  return Math.round((performance.now() - began) / 1000);
}
