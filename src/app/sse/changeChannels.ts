import type { Owed } from '../../bus/sessions.ts';
import { afterOf, formatCursor } from '../../contract/cursor.ts';
import { CatchUp } from './catchUp.ts';
import type { Connection } from './connection.ts';
import { heardUpTo } from './heardUpTo.ts';
import type { Hub } from './hub.ts';
import type { EventLog } from './replay.ts';

export interface Change {
  readonly channels: readonly string[];
  readonly rev: number;
  /** What was missed on channels that it adds. */
  readonly owed: readonly Owed[];
  /** Keeps that all of it is written before what comes after this cursor. Should the reader be cut off, this tells what it had. */
  readonly begin: (at: string) => Promise<void>;
}

/**
 * Gives an open stream other channels. Of those that it leaves nothing is written any more from here on; of those that it
 * keeps it hears all, in order; of those that are added what was missed, without ids, and all from here on.
 */
export async function changeChannels(
  connection: Connection,
  hub: Hub,
  log: EventLog,
  { channels, rev, owed, begin }: Change,
): Promise<void> {
  const { audience } = connection;
  const epoch = hub.position?.epoch;
  if (audience === undefined || epoch === undefined) return;
  // Who changes them may have heard more elsewhere than this app has heard yet.
  const since = Math.max(0, ...owed.map((one) => afterOf(one.since, epoch) ?? 0));
  await heardUpTo(hub, log, { epoch, n: since });
  if (connection.closed) return;
  const catchUp = CatchUp.begin(connection, hub, log, { channels, dialect: audience.dialect, rev });
  const { position } = catchUp;
  if (owed.length > 0) await begin(formatCursor(position.epoch, position.n));
  await catchUp.backfill(owed, position.n, audience.channels);
  await catchUp.follow(position.n);
}
