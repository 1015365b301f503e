import { setTimeout as sleep } from 'node:timers/promises';
import { BusError } from '../../bus/bus.ts';
import type { Cursor } from '../../contract/cursor.ts';
import type { Hub } from './hub.ts';
import type { EventLog } from './replay.ts';

const HUB_MS = 5_000;
const LOOK_MS = 10;

/**
 * A reader may have heard more from another app than this one has heard yet: then what this app is about to hear must not
 * reach it again. If the store itself is not so far, it has lost its tail, and the leap will keep these numbers apart.
 */
export async function heardUpTo(hub: Hub, log: EventLog, { epoch, n }: Cursor): Promise<void> {
  if (hub.position?.epoch !== epoch || hub.position.n >= n) return;
  const goal = Math.min(n, (await log.position()).n);
  const deadline = performance.now() + HUB_MS;
  while (hub.position?.epoch === epoch && hub.position.n < goal) {
    if (performance.now() > deadline) throw new BusError('away', 'This app hears nothing from the store.');
    await sleep(LOOK_MS);
  }
}
