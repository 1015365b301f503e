import type { Case } from './case.ts';
import { COLLECTS } from './delivery.ts';
import { type Block, EventStream, sayingIn } from './eventStream.ts';
import { type Finding, fault, ok, skipped } from './finding.ts';
import type { Publisher } from './publisher.ts';

/** Long enough for what is doubled to come too. */
const AFTER_MS = 200;

const WAYS = [
  {
    name: 'replay',
    what: 'Last-Event-ID',
    path: (path: string) => path,
    headers: (id: string) => ({ 'Last-Event-ID': id }),
    lost: 'The header Last-Event-ID does not reach the app: whoever reconnects misses what came meanwhile. Let what stands in front pass it on.',
  },
  {
    name: 'replay-query',
    what: 'last_event_id in the query',
    path: (path: string, id: string) => `${path}&last_event_id=${id}`,
    headers: () => ({}),
    lost: 'last_event_id in the query does not reach the app: let what stands in front pass the query on as it is.',
  },
] as const;

export const REPLAYS: readonly string[] = WAYS.map(({ name }) => name);

/** What was published while somebody was away comes when he is back: once, in order, with its ids. */
export async function checkReplay(one: Case, publisher: Publisher): Promise<Finding[]> {
  const channel = `${one.channel}-away`;
  const ids: string[] = [];
  for (const data of ['heard', 'missed', 'missed too']) ids.push(await publisher.publish(channel, data));
  return Promise.all(WAYS.map((way) => replayBy(one, channel, ids, way)));
}

async function replayBy(
  { target, patience }: Case,
  channel: string,
  [heard = '', ...missed]: readonly string[],
  { name, what, path, headers, lost }: (typeof WAYS)[number],
): Promise<Finding> {
  const stream = await EventStream.open(target, path(`/stream?channel=${channel}`, heard), {
    headers: headers(heard),
  });
  try {
    if (!stream.isOne) return skipped(name, 'no stream opens.');
    const isEvent = ({ event, data }: Block) => event === undefined && data !== undefined;
    const open = await stream.find((block) => sayingIn(block, 'open') !== undefined, patience.opening);
    if (!open) return fault(name, `Nothing of a replay arrives: ${COLLECTS}`);
    if (open.id !== heard) return fault(name, lost);
    await stream.find((block) => block.id === missed.at(-1) && isEvent(block), patience.opening);
    await stream.endsWithin(AFTER_MS);
    const came = stream.blocks.filter(isEvent).map(({ id }) => id);
    if (came.join() === missed.join()) return ok(name, `${what} brings what was missed, once and in order`);
    return fault(
      name,
      `After a reconnect by ${what} ${came.length} events came where ${missed.length} were missed, or in another order: look at what stands in front, and at the app's log.`,
    );
  } finally {
    stream.close();
  }
}
