import type { Case } from './case.ts';
import { EventStream, sayingIn } from './eventStream.ts';
import { type Finding, fault, ok, skipped } from './finding.ts';

const NAME = 'heartbeat';
/** A heartbeat may be late by so much on a busy machine. */
const LATE_MS = 2_000;

/** A stream says in time that it lives: without that, a browser does not notice that it is cut off. */
export async function hearHeartbeat({ target, channel, slow, patience }: Case): Promise<Finding> {
  const path = `/stream?channel=${channel}-quiet`;
  const stream = await EventStream.open(target, path, { within: patience.opening }).catch(() => undefined);
  if (!stream) return skipped(NAME, 'no stream begins.');
  try {
    const open = await stream.find((block) => sayingIn(block, 'open') !== undefined, patience.opening);
    const every = Number(open && sayingIn(open, 'open')?.heartbeat);
    if (!(every > 0)) return skipped(NAME, 'no stream opens.');
    if (every + LATE_MS > patience.heartbeat && !slow)
      return skipped(NAME, `it comes every ${every / 1000} s only. --slow waits for it.`);
    if (every + LATE_MS > patience.stream + patience.poll)
      return skipped(NAME, `it comes every ${every / 1000} s only, which is too long to wait for.`);
    const ping = await stream.find((block) => sayingIn(block, 'ping') !== undefined, every + LATE_MS);
    if (ping) return ok(NAME, `a heartbeat comes, as promised every ${every / 1000} s`);
    return fault(
      NAME,
      stream.ended
        ? `A stream is cut off before its heartbeat, which comes every ${every / 1000} s: let what stands in front wait longer (docs/operations.md, "Behind nginx").`
        : `No heartbeat comes, though one is promised every ${every / 1000} s: what stands in front holds it back.`,
    );
  } finally {
    stream.close();
  }
}
