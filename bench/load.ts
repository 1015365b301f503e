import { compiled } from './compile.ts';
import type { Door } from './contender.ts';
import { LOAD_CORE } from './machine.ts';
import type { Place } from './place.ts';
import type { Program } from './program.ts';

/** What the load generator says of a phase. `load.c` says what each means. */
export interface Phase {
  readonly phase: string;
  readonly streams: number;
  readonly events: number;
  readonly deliveries: number;
  readonly lost: number;
  readonly doubled: number;
  readonly unordered: number;
  readonly requests?: number;
  readonly seconds: number;
  readonly cpuNs: Readonly<Record<string, number>>;
  readonly ownCpuNs: number;
  readonly latencyUs?: Readonly<Record<'p50' | 'p90' | 'p99' | 'p999' | 'max', number>>;
  /** How late it was itself: in sending, and in reading the last of those that had something at the same time. */
  readonly lateUs?: Readonly<Record<'p99' | 'max', number>>;
  readonly batchUs?: Readonly<Record<'p99' | 'max', number>>;
}

export interface LoadOptions {
  readonly port: number;
  readonly door: Door;
  readonly streams: number;
  /** The processes whose CPU time is counted. */
  readonly pids: readonly number[];
  readonly phases: readonly string[];
  readonly streamPath?: string;
  readonly payload?: number;
  /** How many seconds a phase may take beyond its own. */
  readonly limit?: number;
  /** What is done at each phase `pause`, while the streams stay open. */
  readonly atPause?: () => Promise<void>;
}

const PAUSED = '"phase":"pause"';

/** Runs the load generator through its phases. Rejects with a sentence when it could not, or a delivery was lost or doubled. */
export async function load(place: Place, options: LoadOptions): Promise<Phase[]> {
  const { port, door, streams, pids, phases, payload = 100, limit = 120 } = options;
  const program = place.start({
    command: compiled('load'),
    args: [
      ...['--port', String(port), '--streams', String(streams), '--payload', String(payload)],
      ...['--limit', String(limit)],
      ...['--stream-path', options.streamPath ?? door.streamPath, '--publish-path', door.publishPath],
      ...['--content-type', door.contentType, '--body', door.body],
      ...pids.flatMap((pid) => ['--pid', String(pid)]),
      ...phases,
    ],
    core: LOAD_CORE,
  });
  try {
    let pauses = 0;
    for (const phase of phases) {
      if (phase !== 'pause') continue;
      await Promise.race([program.says(PAUSED, pauses++), program.ended()]);
      if (program.over) break;
      await options.atPause?.();
      program.writeLine('');
    }
    // It counts itself, and says what was wrong.
    if ((await program.ended()) !== 0) throw new Error(sentences(program));
    const done = parsed(program.said);
    for (const phase of done) expectAll(phase);
    return done.filter(({ phase }) => phase !== 'pause');
  } finally {
    await program.stop();
  }
}

function parsed(text: string): Phase[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Phase);
}

/** A server that does not deliver is not cheap. */
export function expectAll({ phase, deliveries, lost = 0, doubled = 0, unordered = 0 }: Phase): void {
  if (lost + doubled + unordered === 0) return;
  const wrong = [`lost ${lost}`, `doubled ${doubled}`, `out of order ${unordered}`].join(', ');
  throw new Error(`${wrong} of ${deliveries + lost} deliveries in the phase ${phase}.`);
}

function sentences(program: Program): string {
  return (
    program.said
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('{'))
      .join(' ') || 'The load generator was ended.'
  );
}
