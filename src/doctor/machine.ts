import { statSync } from 'node:fs';
import { readFile, statfs } from 'node:fs/promises';
import type { RedisFacts } from '../bus/redisFacts.ts';
import { sharesRedis } from '../bus/store.ts';
import type { Settings } from '../lib/settings.ts';
import { type Finding, fault, ok, skipped } from './finding.ts';
import type { Reached } from './reach.ts';

/** The machine that the doctor runs on. */
export interface Machine {
  now(): number;
  /** When this program was built. */
  readonly built: number;
  /** Of the disk that this runs from, in bytes; in a container it is the one on which Docker keeps everything. */
  disk(): Promise<{ readonly free: number; readonly size: number }>;
  /** Bytes of a page of memory; undefined where nobody says. */
  pageSize(): Promise<number | undefined>;
}

export const thisMachine: Machine = {
  now: Date.now,
  built: statSync(new URL(import.meta.url)).mtimeMs,
  async disk() {
    const { bavail, blocks, bsize } = await statfs(process.cwd());
    return { free: bavail * bsize, size: blocks * bsize };
  },
  async pageSize() {
    const maps = await readFile('/proc/self/smaps', 'latin1').catch(() => '');
    const kib = /^KernelPageSize: +(\d+) kB$/m.exec(maps)?.[1];
    return kib === undefined ? undefined : Number(kib) * 1024;
  },
};

const MOST_OFF_MS = 5_000;
/** A build and a clock are compared over time zones of whoever unpacked it. */
const DAY_MS = 86_400_000;

/** A clock that was never set gives events a false time; nothing else depends on it. */
export function checkClock(
  machine: Machine,
  { clock }: Pick<Reached, 'clock'>,
  redis: RedisFacts | undefined,
): Finding {
  const name = 'clock';
  const now = machine.now();
  if (now < machine.built - DAY_MS) {
    return fault(
      name,
      `The clock of this machine says ${new Date(now).toISOString().slice(0, 10)}, but Pinstream was built after that: let it get the time from the network (timedatectl set-ntp true), or events carry a false one.`,
    );
  }
  const others = [
    { who: 'the one where Pinstream runs', off: clock && clock.there - clock.here },
    { who: 'the one of Redis', off: redis && redis.clock.there - redis.clock.here },
  ];
  for (const { who, off } of others) {
    if (off === undefined || Math.abs(off) <= MOST_OFF_MS) continue;
    return fault(
      name,
      `The clock of this machine is ${spanOf(Math.abs(off))} ${off > 0 ? 'behind' : 'ahead of'} ${who}: timedatectl says on each which of both has the time from the network.`,
    );
  }
  const known = others.filter(({ off }) => off !== undefined).length;
  return ok(name, known > 0 ? 'the clocks agree' : "this machine's clock is set");
}

function spanOf(ms: number): string {
  const seconds = Math.round(ms / 1000);
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)} h` : `${Math.round(seconds / 86_400)} days`;
}

const MB = 1_000_000;
const LEAST_FREE = 200 * MB;
/** A twentieth of a large disk is plenty. */
const PLENTY = 1_000 * MB;

/** A full card stops Redis from writing, and with it every event. */
export async function checkDisk(machine: Machine): Promise<Finding> {
  const name = 'disk';
  const { free, size } = await machine.disk();
  const shown = `${Math.floor(free / MB)} MB of ${Math.floor(size / MB)} MB`;
  if (free < LEAST_FREE || (free < PLENTY && free < size / 20))
    return fault(
      name,
      `Only ${shown} of the disk that this runs from are free: when none are, no event is taken any more. Make room (docker system df says what Docker uses).`,
    );
  return ok(name, `${shown} of the disk that this runs from are free`);
}

const USUAL = 4_096;

/**
 * A Redis that was built for small pages ends at once on a Pi 5. From outside that cannot be told from one that was stopped: so it
 * is only a hint beside the fault that Redis is not reached, and none where Redis runs on another machine.
 */
export async function checkPageSize(machine: Machine, runs: boolean, isHere: boolean): Promise<Finding> {
  const name = 'page-size';
  if (runs) return ok(name, "Redis knows its machine's size of memory pages");
  const size = await machine.pageSize();
  if (size === undefined || size === USUAL || !isHere) return skipped(name, 'Redis does not answer.');
  return skipped(
    name,
    `Redis does not answer. Memory pages have ${size / 1024} KiB here: if its log says "Unsupported system page size" (docker compose logs redis), it was built for 4 KiB. Take the image redis:8-alpine then, or set kernel=kernel8.img in config.txt.`,
  );
}

const LOOPBACK = /^(localhost|\[?::1\]?|127\..*)$/;

/** Whether a Redis runs on this machine: at an address of its own, or under a name that Docker has given. */
export function isRedisHere({ REDIS_URL, REDIS_SENTINELS }: Settings, { hostname }: URL): boolean {
  const hosts = REDIS_SENTINELS ? REDIS_SENTINELS.hosts.map(({ host }) => host) : [hostOf(REDIS_URL)];
  // A name without a dot that is also in the URL is the one of another machine, as a router gives it.
  return hosts.some((host) => LOOPBACK.test(host) || (/^[\w-]*$/.test(host) && host !== hostname));
}

/** Whether this is the machine on which Pinstream runs. */
export function isPinstreamHere(settings: Settings, url: URL): boolean {
  return LOOPBACK.test(url.hostname) || (sharesRedis(settings) && isRedisHere(settings, url));
}

/** Empty for a socket. */
function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : '';
}
