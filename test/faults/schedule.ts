import type { Random } from './random.ts';

/** Something that goes wrong, when, and for how long. */
export interface Fault {
  /** Milliseconds after the start. */
  readonly at: number;
  readonly what: FaultKind;
  /** A part, a link, or nobody in particular. */
  readonly whom: string;
  readonly ms: number;
  /** For what depends on chance while it is done. */
  readonly seed: number;
}

export type FaultKind =
  | 'kill' // SIGKILL, and started again after `ms`
  | 'pause' // SIGSTOP, and SIGCONT after `ms`
  | 'restart' // SIGTERM, and started again
  | 'reload' // nginx
  | 'clock' // set back by an hour
  | 'cut' // all connections of a link
  | 'cut one'
  | 'hold' // nothing comes through a link for `ms`
  | 'hold one' // nor through one of its connections
  | 'hold and cut'
  | 'slow' // clients that take nothing for `ms`
  | 'back' // clients that come back with an old cursor
  | 'leave'; // clients that are away for `ms`

export const PARTS = ['app1', 'app2', 'redis', 'nginx', 'sidecar', 'backend'] as const;
export const LINKS = [
  'app1-redis',
  'app2-redis',
  'sidecar-redis',
  'backend-redis',
  'nginx-app1',
  'nginx-app2',
  'browsers-nginx',
] as const;

/** Time in which a part comes to itself again, before the next thing happens to it. */
const REST_MS = 3_000;

const KINDS: readonly (readonly [number, FaultKind, readonly string[], readonly [number, number]])[] = [
  [14, 'kill', PARTS, [100, 3_000]],
  [5, 'kill', ['app1', 'app2'], [100, 3_000]],
  [12, 'pause', PARTS, [300, 8_000]],
  // About as long as the keeper's lease, and longer.
  [6, 'pause', ['app1', 'app2'], [4_000, 5_200]],
  [3, 'pause', ['app1', 'app2'], [5_500, 9_000]],
  [9, 'restart', PARTS, [0, 1_000]],
  [4, 'reload', ['nginx'], [0, 0]],
  [4, 'clock', ['app1', 'app2', 'sidecar', 'backend'], [0, 0]],
  [12, 'cut', LINKS, [0, 0]],
  [6, 'cut one', LINKS, [0, 0]],
  [8, 'hold', LINKS, [300, 9_000]],
  [5, 'hold and cut', LINKS, [300, 9_000]],
  [5, 'hold one', ['app1-redis', 'app2-redis', 'sidecar-redis', 'nginx-app1', 'nginx-app2'], [300, 9_000]],
  [6, 'slow', ['clients'], [2_000, 20_000]],
  [6, 'back', ['clients'], [0, 0]],
  [6, 'leave', ['clients'], [500, 12_000]],
];

/** Faults at random, as many as `every` milliseconds leave room for. Nothing happens twice at a time to one part or link. */
export function scheduleOf(random: Random, length: number, every: number): Fault[] {
  const faults: Fault[] = [];
  const busy = new Map<string, number>();
  for (let at = 2_000; at < length; at += random.between(every / 3, (every * 5) / 3)) {
    const [, what, all, [least, most]] = random.weighted(KINDS.map((kind) => [kind[0], kind] as const));
    const free = all.filter((one) => one === 'clients' || (busy.get(one) ?? 0) <= at);
    const ms = random.between(least, most);
    const seed = random.between(1, 1_000_000);
    if (free.length === 0) continue;
    const whom = random.pick(free);
    if (at + ms > length) continue;
    busy.set(whom, at + ms + REST_MS);
    faults.push({ at: Math.round(at), what, whom, ms, seed });
  }
  return faults;
}

export function worded({ at, what, whom, ms }: Fault): string {
  return `${(at / 1000).toFixed(1).padStart(7)} s  ${what} ${whom}${ms > 0 ? ` for ${(ms / 1000).toFixed(1)} s` : ''}`;
}
