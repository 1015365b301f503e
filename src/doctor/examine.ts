import { NoRedisFacts, type RedisFacts, readRedisFacts } from '../bus/redisFacts.ts';
import { sharesRedis } from '../bus/store.ts';
import { AWAY_NAMES, checkAway, checkAwayAddresses, expectAway } from './away.ts';
import type { Case } from './case.ts';
import { checkCompression } from './compression.ts';
import { checkCors, PLACES } from './cors.ts';
import { type Delivered, deliver } from './delivery.ts';
import { type Finding, fault, skipped } from './finding.ts';
import { guarded } from './guarded.ts';
import { hearHeartbeat } from './heartbeat.ts';
import { checkClock, checkDisk, checkPageSize, isPinstreamHere, isRedisHere } from './machine.ts';
import { checkPins } from './pins.ts';
import { checkPreflight } from './preflight.ts';
import { type Reached, reach } from './reach.ts';
import { checkLongPoll, checkReadTimeout } from './readTimeout.ts';
import { judgeRedis, REDIS_NAMES } from './redis.ts';
import { checkReplay, REPLAYS } from './replay.ts';

export type Found = Promise<readonly Finding[]>;

/** What Redis said of itself; or why it said nothing; undefined: none is known here. */
type Redis = Promise<RedisFacts | Error | undefined>;

const UNSEEN: Readonly<Record<Reached['state'], string>> = {
  well: '',
  unready: 'Pinstream cannot serve.',
  away: 'the app is away.',
  lost: 'Pinstream is not reached.',
};

/** All checks, in the order in which they are told: each is there as soon as it is done, and none rejects. */
export function examine(one: Case): Found[] {
  const reached = reach(one).catch(
    (error: Error): Reached => ({
      finding: fault('reachable', error.message),
      state: 'lost',
      proxied: false,
    }),
  );
  const redis = askRedis(one);
  const heartbeat = when(one, reached, [], ['heartbeat'], async () => [await hearHeartbeat(one)]);
  return [
    reached.then(({ finding }) => [finding]),
    ...fromOutside(one, reached, redis),
    ...fromInside(one, reached, redis),
    heartbeat, // the last one, since it takes longest
  ];
}

/** Over HTTP. What is measured is measured alone, and the rest goes on at once. */
function fromOutside(one: Case, reached: Promise<Reached>, redis: Redis): Found[] {
  let delivered: Delivered = { findings: [], opens: false };
  const delivery = when(one, reached, [], ['stream', 'publish', 'events'], async () => {
    delivered = await deliver(one);
    return delivered.findings;
  });
  const then = (
    states: readonly Reached['state'][],
    names: readonly string[],
    work: (found: Reached) => Found,
  ) => when(one, reached, states, names, work, delivery);
  return [
    delivery,
    then([], REPLAYS, async () => {
      const { opens, publisher } = delivered;
      if (opens && publisher) return checkReplay(one, publisher);
      const reason = opens ? 'no event can be published.' : 'no stream opens.';
      return REPLAYS.map((name) => skipped(name, reason));
    }),
    then([], ['compression'], async () => [
      delivered.opens ? await checkCompression(one) : skipped('compression', 'no stream opens.'),
    ]),
    ...PLACES.map((place) =>
      then(place.name === 'cors-stream' ? [] : ['unready'], [place.name], async ({ proxied }) => [
        await checkCors(one, place, proxied),
      ]),
    ),
    then(['unready'], ['preflight'], async ({ proxied }) => [await checkPreflight(one, proxied)]),
    then([], ['timeout'], async ({ proxied }) => [
      await checkReadTimeout(one, { proxied, opens: delivered.opens }),
    ]),
    then([], ['long-poll'], async () => [await checkLongPoll(one)]),
    then(['unready', 'away'], AWAY_NAMES, ({ state, proxied }) =>
      state === 'away' ? checkAway(one) : checkAwayAddresses(one, proxied),
    ),
    then([], ['gpio'], async () => checkPins(one, (await factsOf(redis))?.sidecarLives)),
  ];
}

/** What Redis and this machine say. */
function fromInside(one: Case, reached: Promise<Reached>, redis: Redis): Found[] {
  const { machine, settings, target } = one;
  return [
    guarded(one, REDIS_NAMES, async () => {
      const found = await redis;
      if (found === undefined) return [skipped('redis', 'there is no REDIS_URL here.')];
      return found instanceof Error
        ? [fault('redis', found.message)]
        : judgeRedis(found, settings.STORE_BYTES);
    }),
    guarded(one, ['page-size'], async () => {
      const known = sharesRedis(settings);
      if (!known) return [];
      const found = await redis;
      const runs = found instanceof NoRedisFacts ? found.runs : !(found instanceof Error);
      return [await checkPageSize(machine, runs, isRedisHere(settings, target.url))];
    }),
    guarded(one, ['clock'], async () => [checkClock(machine, await reached, await factsOf(redis))]),
    guarded(one, ['disk'], async () => [
      isPinstreamHere(settings, target.url)
        ? await checkDisk(machine)
        : skipped('disk', 'Pinstream seems to run on another machine.'),
    ]),
  ];
}

/** What is said while the app is away, and nothing else. */
export function examineAway(one: Case): Found[] {
  const expected = expectAway(one);
  return [
    guarded(one, ['reachable'], async () => [(await expected).finding]),
    guarded(one, AWAY_NAMES, async () =>
      (await expected).away
        ? checkAway(one)
        : AWAY_NAMES.map((name) => skipped(name, 'the app is not away.')),
    ),
  ];
}

/** A check over HTTP: made when Pinstream is well, or in one of these other states, and its own time begins after that. */
async function when(
  one: Case,
  reached: Promise<Reached>,
  states: readonly Reached['state'][],
  names: readonly string[],
  work: (found: Reached) => Found,
  after?: Found,
): Found {
  const found = await reached;
  await after;
  if (found.state === 'well' || states.includes(found.state)) return guarded(one, names, () => work(found));
  return names.map((name) => skipped(name, UNSEEN[found.state]));
}

async function askRedis({ settings, machine }: Case): Redis {
  if (!sharesRedis(settings)) return undefined;
  return readRedisFacts(settings, machine.now).catch((error: Error) => error);
}

async function factsOf(redis: Redis): Promise<RedisFacts | undefined> {
  const found = await redis;
  return found instanceof Error ? undefined : found;
}
