import { ask, complaintOf, NoAnswer, objectIn, shown } from './ask.ts';
import type { Case } from './case.ts';
import { EventStream, sayingIn } from './eventStream.ts';
import { type Finding, fault, ok, skipped } from './finding.ts';
import { connect, NeedsKey, type Publisher } from './publisher.ts';

/** What a later check needs of these first ones. */
export interface Delivered {
  readonly findings: readonly Finding[];
  /** Undefined: no event can be published from here. */
  readonly publisher?: Publisher | undefined;
  readonly opens: boolean;
}

export const COLLECTS =
  'what stands in front collects streams. In nginx: proxy_buffering off, without proxy_ignore_headers (docs/operations.md, "Behind nginx").';

const MOST_MS = 250;
const EVENTS = 5;
/** What was published one after the other, and comes within this, was held together. */
const MOMENT_MS = 50;

/** A stream opens, an event is taken, and it arrives at once: each before the next one is published. */
export async function deliver(one: Case): Promise<Delivered> {
  const publishing = publishFirst(one);
  const opening = await openStream(one);
  const { publisher, finding } = await publishing;
  const findings = [opening.finding, finding];
  const { stream } = opening;
  const opens = stream !== undefined;
  if (!stream) findings.push(skipped('events', 'no stream opens.'));
  else if (!publisher) findings.push(skipped('events', 'no event can be published.'));
  else findings.push(await measure(one, stream, publisher));
  stream?.close();
  return { findings, publisher, opens };
}

/** Opens a stream on the doctor's own channel, and hears its beginning. */
async function openStream({ target, channel, patience }: Case): Promise<{
  finding: Finding;
  stream?: EventStream;
}> {
  const name = 'stream';
  const began = performance.now();
  let stream: EventStream;
  try {
    stream = await EventStream.open(target, `/stream?channel=${channel}`, { within: patience.opening });
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    return { finding: fault(name, `A stream does not begin: the app stands still, or ${COLLECTS}`) };
  }
  const no = (finding: Finding) => {
    stream.close();
    return { finding };
  };
  const { head } = stream;
  if (head.status === 401 || head.status === 403)
    return no(skipped(name, 'to listen here needs a key: PUBLISH_KEY may read everything.'));
  if (!stream.isOne)
    return no(fault(name, `A stream is answered ${head.shown}: browsers give up on that for ever.`));
  const said = await stream.find(
    (block) => (sayingIn(block, 'open') ?? sayingIn(block, 'refused')) !== undefined,
    patience.opening,
  );
  if (!said)
    return no(
      fault(
        name,
        stream.ended
          ? 'A stream ends before it says anything.'
          : `Nothing of a stream arrives within ${patience.opening / 1000} s, not even its beginning: ${COLLECTS}`,
      ),
    );
  const refusal = sayingIn(said, 'refused');
  if (refusal) return no(fault(name, `A stream is refused: ${shown(String(refusal.reason))}`));
  return { finding: ok(name, 'a stream opens', performance.now() - began), stream };
}

/** The first one is not measured: it may have to make connections. */
async function publishFirst({ target, settings, channel, cleanUp }: Case) {
  const name = 'publish';
  try {
    const publisher = await connect(target, settings);
    cleanUp.push(() => publisher.close());
    await publisher.publish(channel, 'first');
    return { finding: ok(name, `an event is taken ${publisher.way}`), publisher };
  } catch (error) {
    if (error instanceof NeedsKey) return { finding: skipped(name, 'to publish needs PUBLISH_KEY.') };
    return { finding: fault(name, (error as Error).message) };
  }
}

async function measure(one: Case, stream: EventStream, publisher: Publisher): Promise<Finding> {
  const name = 'events';
  const { patience } = one;
  const began: number[] = [];
  const arrivalOf = (i: number) => stream.blocks.find(({ data }) => data === String(i))?.at;
  const comes = (i: number, ms: number) => stream.find(({ data }) => data === String(i), ms);
  for (let i = 0; i < EVENTS; i++) {
    const start = performance.now();
    began.push(start);
    try {
      await publisher.publish(one.channel, String(i));
    } catch (error) {
      return fault(name, (error as Error).message);
    }
    await comes(i, patience.event - (performance.now() - start));
    if (stream.ended) return fault(name, 'The stream is cut off while events come.');
  }
  // Late is not lost; and who was answered late has had no time left to hear it.
  const deadline = performance.now() + patience.opening;
  const some = began.some((_, i) => arrivalOf(i) !== undefined);
  for (let i = 0; i < EVENTS && some; i++) await comes(i, deadline - performance.now());
  const arrivals = began.map((_, i) => arrivalOf(i));
  const took = arrivals.map((at, i) => (at === undefined ? Number.POSITIVE_INFINITY : at - (began[i] ?? at)));
  const median = took.toSorted((a, b) => a - b)[Math.floor(EVENTS / 2)] ?? Number.POSITIVE_INFINITY;
  // A single one may be late on a Pi, whose card stands still now and then; most of them not.
  if (median > patience.event) return explain(one, arrivals, median);
  const lost = arrivals.filter((at) => at === undefined).length;
  if (lost > 0)
    return fault(
      name,
      `${lost} of ${EVENTS} events have not arrived after ${patience.opening / 1000} s: look again, and at the app's log.`,
    );
  if (median > MOST_MS) return slow(median);
  const late = took.filter((ms) => ms > patience.event).length;
  return ok(
    name,
    `events arrive one by one, at once${late > 0 ? `, but ${late} of ${EVENTS} late` : ''}`,
    median,
  );
}

function slow(median: number): Finding {
  return fault(
    'events',
    `An event takes ${Math.round(median)} ms, more than ${MOST_MS}: the way is slow, or what stands in front collects events for a moment.`,
  );
}

/** Why most came late or not at all. */
async function explain(
  { target, channel }: Case,
  arrivals: readonly (number | undefined)[],
  median: number,
): Promise<Finding> {
  const name = 'events';
  const answer = await ask(target, `/events?channel=${channel}&limit=1000`);
  const events = objectIn(answer.text)?.events;
  if (answer.head.status !== 200 || !Array.isArray(events))
    return fault(name, `Events do not arrive, and the log cannot be read: ${complaintOf(answer)}`);
  if (events.length < EVENTS) {
    return fault(
      name,
      'Events that are published from here never come to that app: are its REDIS_URL and REDIS_PREFIX the same as here?',
    );
  }
  const together = arrivals.some((at, i) => {
    const before = arrivals[i - 1];
    return at !== undefined && before !== undefined && Math.abs(at - before) < MOMENT_MS;
  });
  if (together) return fault(name, `Events arrive late and together: ${COLLECTS}`);
  return median < Number.POSITIVE_INFINITY ? slow(median) : fault(name, `Events do not arrive: ${COLLECTS}`);
}
