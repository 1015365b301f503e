import type { Owed } from '../../bus/sessions.ts';
import { type Cursor, formatCursor } from '../../contract/cursor.ts';
import type { StoredEvent } from '../../contract/event.ts';
import { CatchUp } from './catchUp.ts';
import type { Connection } from './connection.ts';
import { cursorBlock, type Dialect, retryBlock, sayingBlock } from './dialects.ts';
import { frame } from './frame.ts';
import type { Hub } from './hub.ts';
import type { EventLog } from './replay.ts';

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
  /** The change of its session's channels that these came with. */
  readonly rev?: number;
  /** What its session owes the reader, from before its cursor. */
  readonly owed?: readonly Owed[];
}

/** Opens a stream: says where it begins, writes what the reader has missed, and lets it hear what comes. */
export async function join(connection: Connection, hub: Hub, log: EventLog, wish: Wish): Promise<void> {
  const { dialect, rev = 0, owed = [] } = wish;
  const catchUp = CatchUp.begin(connection, hub, log, { ...wish, rev });
  const { audience, position } = catchUp;
  const start = await startOf(wish, position, log);
  const { epoch } = position;
  const said = rev === 0 ? 0 : start.rev;
  connection.write(
    frame(
      retryBlock(wish.retry) +
        cursorBlock(epoch, start.after, said) +
        sayingBlock(dialect, {
          type: 'open',
          cursor: formatCursor(epoch, start.after, said),
          channels: audience.channels,
          heartbeat: wish.heartbeat,
        }),
    ),
  );
  if (start.foreign) catchUp.say({ type: 'gap', reason: 'epoch' });
  if (owed.length > 0) await catchUp.backfill(owed, start.after);
  await catchUp.reach(start.after);
  const { tails } = start;
  await catchUp.follow(start.after, tails && ((event) => isWanted(event, tails, position.n)));
}

interface Start {
  readonly after: number;
  /** The changes that the reader has heard of. */
  readonly rev?: number | undefined;
  /** The reader comes from another store: all that is here is new to it. */
  readonly foreign: boolean;
  /** With `last`: where each channel begins. */
  readonly tails?: ReadonlyMap<string, number>;
}

async function startOf({ cursor, last, channels }: Wish, position: Cursor, log: EventLog): Promise<Start> {
  if (cursor === 'unknown') return { after: 0, foreign: true };
  if (cursor) {
    const foreign = cursor.epoch !== position.epoch;
    return foreign ? { after: 0, foreign } : { after: cursor.n, rev: cursor.rev, foreign };
  }
  if (last === undefined || last === 0) return { after: position.n, foreign: false };
  const tails = await log.tails(channels, last);
  const first = Math.min(...tails.values(), position.n + 1);
  return { after: first - 1, foreign: false, tails };
}

/** With `last`: from its channel's tail on, and all that came after the reader joined. */
function isWanted({ channel, n }: StoredEvent, tails: ReadonlyMap<string, number>, joined: number): boolean {
  return n > joined || n >= (tails.get(channel) ?? Number.POSITIVE_INFINITY);
}
