import { freePort } from '../test/support/freePort.ts';
import { request } from '../test/support/request.ts';
import { SERVER_CORE } from './machine.ts';
import type { Place } from './place.ts';
import type { Program } from './program.ts';
import type { BenchRedis } from './redis.ts';

/** How the load asks a server for a stream, and gives it an event. `%` stands for the event's text. */
export interface Door {
  readonly streamPath: string;
  readonly publishPath: string;
  readonly contentType: string;
  readonly body: string;
}

/** A server that runs. */
export interface Running {
  readonly port: number;
  readonly door: Door;
  /** The processes whose CPU time and memory count. */
  readonly pids: readonly number[];
  /** Collects the garbage of those that run on Node; only where it was started for that. */
  collect(): Promise<void>;
  /** How many events it has kept since its start; where it keeps them. */
  kept?(): Promise<number>;
}

export interface Surroundings {
  readonly place: Place;
  readonly redis: BenchRedis;
  /** Its memory will be measured. */
  readonly collects: boolean;
  /** Settings of Pinstream's besides. */
  readonly settings?: Readonly<Record<string, string>>;
}

/** Who takes part. */
export interface Contender {
  /** As in `--servers`. */
  readonly name: string;
  readonly label: string;
  /** Such are compared with one another alone. Each stream takes two files of theirs. */
  readonly behindNginx: boolean;
  start(surroundings: Surroundings): Promise<Running>;
}

/** What servers on Node have in common: how they are started, and how their garbage is collected. */
export async function startNode(
  { place, collects }: Surroundings,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ port: number; program: Program; collect(): Promise<void> }> {
  const port = await freePort();
  const collector = collects ? ['--expose-gc', '--import', new URL('collect.mjs', import.meta.url).href] : [];
  const program = place.start({
    command: process.execPath,
    args: [...collector, ...args],
    env: { NODE_ENV: 'production', HOST: '127.0.0.1', PORT: String(port), ...env },
    core: SERVER_CORE,
  });
  return {
    port,
    program,
    async collect() {
      const before = program.times('collected');
      program.signal('SIGUSR2');
      await program.says('collected', before);
    },
  };
}

/** Asks again and again until it is answered 200. */
export async function answers(program: Program, url: string): Promise<void> {
  const late = AbortSignal.timeout(60_000);
  while (!(await isFine(url))) {
    if (program.over || late.aborted) throw program.failure(`does not answer at ${url}`);
    await new Promise((again) => setTimeout(again, 5));
  }
}

async function isFine(url: string): Promise<boolean> {
  try {
    return (await request(url)).status === 200;
  } catch {
    return false;
  }
}
