import { ask, look } from './ask.ts';
import type { Case } from './case.ts';
import { EventStream } from './eventStream.ts';
import { type Finding, fault, ok, skipped } from './finding.ts';

const MINUTE_S = 60;
/** A busy machine may be late by so much. */
const LATE_MS = 5_000;

const LONGER = 'in nginx: proxy_read_timeout 1d for /stream and /sse/ (docs/operations.md, "Behind nginx").';

/** A stream on which nothing comes may be open for more than a minute. */
export async function checkReadTimeout(one: Case, proxied: boolean): Promise<Finding> {
  const name = 'timeout';
  const { target, channel, slow, patience } = one;
  if (slow) {
    const stream = await EventStream.open(target, `/stream?channel=${channel}-long`);
    const began = performance.now();
    const ended = await stream.endsWithin(patience.stream);
    stream.close();
    const lived = Math.round((performance.now() - began) / 1000);
    if (!ended) return ok(name, `a stream is open for ${patience.stream / 1000} s and goes on`);
    return fault(
      name,
      `A stream is cut off after ${lived} s: let what stands in front wait longer, ${LONGER}`,
    );
  }
  const head = await look(target, `/stream?channel=${channel}`, { within: patience.opening }).catch(
    () => undefined,
  );
  if (!head) return skipped(name, 'no stream begins.');
  const [said] = head.all('x-pinstream-read-timeout');
  const seconds = Number(said);
  if (said !== undefined && seconds > MINUTE_S)
    return ok(name, `nginx waits ${seconds} s for the next event of a stream`);
  if (said !== undefined && seconds >= 0)
    return fault(
      name,
      `nginx cuts a stream off on which nothing comes for ${seconds} s: let it wait longer, ${LONGER}`,
    );
  if (!proxied) return skipped(name, NO_PROXY);
  return skipped(
    name,
    `what stands in front does not say. --slow measures it, in ${Math.ceil(patience.stream / 1000)} s.`,
  );
}

export const NO_PROXY = 'nothing seems to stand in front of the app.';

/** `GET /events?wait=60` is answered after a minute of silence, not cut off. */
export async function checkLongPoll({ target, channel, slow, patience }: Case): Promise<Finding> {
  const name = 'long-poll';
  const path = `/events?channel=${channel}-long&wait=${patience.poll / 1000}`;
  if (!slow) return skipped(name, `it takes ${patience.poll / 1000} s. --slow waits for it.`);
  const began = performance.now();
  const { head, whole } = await ask(target, path, { within: patience.poll + LATE_MS });
  const took = Math.round((performance.now() - began) / 1000);
  if (head.status === 200 && whole) return ok(name, 'a quiet long poll is answered in its time');
  return fault(
    name,
    `GET /events?wait=${patience.poll / 1000} is answered ${head.status} after ${took} s: let what stands in front wait longer, in nginx: proxy_read_timeout 75s.`,
  );
}
