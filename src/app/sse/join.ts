import { setTimeout as sleep } from 'node:timers/promises';
import { type Bus, BusError, type Gap, type Page } from '../../bus/bus.ts';
import { type Cursor, formatCursor } from '../../contract/cursor.ts';
import type { StoredEvent } from '../../contract/event.ts';
import type { Connection } from './connection.ts';
import { cursorBlock, type Dialect, eventBlock, retryBlock, type Saying, sayingBlock } from './dialects.ts';
import { frame } from './frame.ts';
import type { Hub } from './hub.ts';

export interface Wish {
  readonly channels: readonly string[];
  readonly dialect: Dialect;
  /** Where the reader was; `unknown` when what it says is no cursor of ours. */
  readonly cursor?: Cursor | 'unknown' | undefined;
  /** The last so many events of each channel first. */
  readonly last?: number | undefined;
  /** Milliseconds after which the browser shall come back, should it be cut off. */
  readonly retry: number;
  /** Milliseconds between two signs of life. */
  readonly heartbeat: number;
}

/** About so much is written at once, and so much may wait for the reader before it is given more of what it missed. */
const SLICE = 65_536;
const HUB_MS = 5_000;
const LOOK_MS = 10;

/**
 * Lets a connection hear, without a gap or a double: joining the hub says how far the hub has heard (h); what the reader
 * missed up to there is read from the log; what comes after it waits at the connection meanwhile.
 *
 * The reader's cursor moves to h only when all before it is written. Were it told earlier, a cut in between would skip it.
 */
export async function join(connection: Connection, hub: Hub, bus: Bus, wish: Wish): Promise<void> {
  const { channels, dialect } = wish;
  const { audience, position } = hub.join(connection, channels, dialect);
  connection.audience = audience;
  const { epoch } = position;
  const start = await startOf(wish, position, bus);
  const cursor = formatCursor(epoch, start.after);
  connection.write(
    frame(
      retryBlock(wish.retry) +
        cursorBlock(epoch, start.after) +
        sayingBlock(dialect, {
          type: 'open',
          cursor,
          channels: audience.channels,
          heartbeat: wish.heartbeat,
        }),
    ),
  );
  if (start.foreign) say({ type: 'gap', reason: 'epoch' });

  let upTo = position.n;
  if (start.after > upTo) {
    await caughtUp(hub, bus, { epoch, n: start.after });
    upTo = lap();
  }
  let after = start.after;
  const told = new Map<string, number>();
  while (!connection.closed) {
    if (!connection.keptUp) upTo = lap();
    if (after >= upTo) break;
    const page = await bus.since({ channels: audience.channels, after, upTo });
    if (page.epoch !== epoch || hub.position?.epoch !== epoch) throw new StoreChanged();
    if (lostBeyond(page, upTo)) {
      // What the log dropped after h may well wait at the connection. A further lap finds out; a gap told now could be false.
      if (hub.position.n <= upTo) await sleep(LOOK_MS);
      upTo = lap();
      continue;
    }
    if (!start.tails) for (const gap of page.gaps) tell(gap);
    await writeMissed(page.events.filter((event) => isWanted(event, start.tails, position.n)));
    after = page.end;
    if (after < upTo) continue;
    await connection.output.drained();
    if (connection.keptUp) connection.write(frame(cursorBlock(epoch, after)));
  }
  if (!connection.closed) connection.goLive();

  function say(saying: Saying): void {
    const text = sayingBlock(dialect, saying);
    if (text !== '') connection.write(frame(text));
  }

  function tell({ channel, until, certain }: Gap): void {
    if ((told.get(channel) ?? 0) >= until) return;
    told.set(channel, until);
    say({ type: 'gap', channel, until: formatCursor(epoch, until), certain });
  }

  async function writeMissed(events: readonly StoredEvent[]): Promise<void> {
    let text = '';
    for (const event of events) {
      text += eventBlock(dialect, epoch, event);
      if (text.length < SLICE && event !== events.at(-1)) continue;
      connection.write(frame(text));
      text = '';
      if (connection.closed) return;
      if (connection.output.unsent > SLICE) await connection.output.drained();
    }
  }

  /** Takes a new h; what has waited up to it is dropped, since it will be read. */
  function lap(): number {
    if (hub.position?.epoch !== epoch) throw new StoreChanged();
    audience.flush();
    connection.startOver();
    return hub.position.n;
  }
}

/** The store was emptied or exchanged while somebody was joining: the reader comes back and is told. */
export class StoreChanged extends Error {}

interface Start {
  readonly after: number;
  /** The reader comes from another store: all that is here is new to it. */
  readonly foreign: boolean;
  /** With `last`: where each channel begins. */
  readonly tails?: ReadonlyMap<string, number>;
}

async function startOf({ cursor, last, channels }: Wish, position: Cursor, bus: Bus): Promise<Start> {
  if (cursor === 'unknown') return { after: 0, foreign: true };
  if (cursor) {
    const foreign = cursor.epoch !== position.epoch;
    return { after: foreign ? 0 : cursor.n, foreign };
  }
  if (last === undefined || last === 0) return { after: position.n, foreign: false };
  const tails = await bus.tails(channels, last);
  const first = Math.min(...tails.values(), position.n + 1);
  return { after: first - 1, foreign: false, tails };
}

/**
 * A reader may have heard more from another app than this one has heard yet: then what this app is about to hear must not
 * reach it again. If the store itself is not so far, it has lost its tail, and the leap will keep these numbers apart.
 */
async function caughtUp(hub: Hub, bus: Bus, { epoch, n }: Cursor): Promise<void> {
  const goal = Math.min(n, (await bus.position()).n);
  const deadline = performance.now() + HUB_MS;
  while (hub.position?.epoch === epoch && hub.position.n < goal) {
    if (performance.now() > deadline) throw new BusError('away', 'This app hears nothing from the store.');
    await sleep(LOOK_MS);
  }
}

/** With `last`: from its channel's tail on, and all that came after the reader joined. */
function isWanted(
  { channel, n }: StoredEvent,
  tails: ReadonlyMap<string, number> | undefined,
  joined: number,
): boolean {
  return tails === undefined || n > joined || n >= (tails.get(channel) ?? Number.POSITIVE_INFINITY);
}

function lostBeyond({ gaps }: Page, upTo: number): boolean {
  return gaps.some(({ until }) => until > upTo);
}
