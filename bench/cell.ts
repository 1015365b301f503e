import type { Contender, Running } from './contender.ts';
import { type LoadOptions, load, type Phase } from './load.ts';
import { Place } from './place.ts';
import { openFiles, resident, sum } from './proc.ts';
import type { BenchRedis } from './redis.ts';
import type { Scale } from './scenario.ts';

/** One server, one scenario, one size, once: a figure of the tables is the median of some such. */
export class Cell {
  readonly place = new Place();
  readonly redis: BenchRedis;
  readonly #contender: Contender;
  readonly #limit: number;

  constructor(contender: Contender, redis: BenchRedis, { quick }: Scale) {
    this.#contender = contender;
    this.redis = redis;
    this.#limit = quick ? 15 : 120;
  }

  /** Each cell has a server that was started for it, on a Redis that is empty. */
  async start(options: { collects?: boolean; settings?: Record<string, string> } = {}): Promise<Running> {
    await this.redis.empty();
    return this.#contender.start({
      place: this.place,
      redis: this.redis,
      collects: options.collects ?? false,
      settings: options.settings ?? {},
    });
  }

  load(
    running: Running,
    streams: number,
    phases: readonly string[],
    more: Partial<LoadOptions> = {},
  ): Promise<Phase[]> {
    const pids = [...running.pids, this.redis.pid];
    const { port, door } = running;
    return load(this.place, { port, door, streams, pids, phases, limit: this.#limit, ...more });
  }

  /** Bytes that its processes hold when their garbage is gone. */
  async held(running: Running): Promise<number> {
    await running.collect();
    return sum(running.pids.map(resident));
  }

  /** Connects that many, closes them, and returns when the server has closed them too: what comes after is not its first. */
  async warmed(running: Running, streams: number): Promise<void> {
    const before = running.pids.map(openFiles);
    await this.load(running, streams, ['connect']);
    const late = AbortSignal.timeout(60_000);
    const few = 8; // what a server keeps open for the next, as nginx's connections to the app
    while (running.pids.some((pid, i) => openFiles(pid) > (before[i] ?? 0) + few)) {
      if (late.aborted) throw new Error('It has not closed the streams whose clients have gone.');
      await new Promise((again) => setTimeout(again, 5));
    }
  }

  /** Nanoseconds of CPU that the server used in a phase; Redis has its own. */
  cpuNs({ cpuNs }: Phase): number {
    return sum(Object.keys(cpuNs).map((pid) => (Number(pid) === this.redis.pid ? 0 : (cpuNs[pid] ?? 0))));
  }

  redisCpuNs({ cpuNs }: Phase): number {
    return cpuNs[this.redis.pid] ?? 0;
  }

  end(): Promise<void> {
    return this.place.end();
  }
}
