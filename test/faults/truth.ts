import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface TrueEvent {
  readonly n: number;
  readonly channel: string;
  readonly name: string;
  readonly data: string;
  readonly raw: string | undefined;
  readonly at: number;
}

/**
 * What the store really kept, in its order, as Redis's own append-only file says it: each XADD that was done, whoever asked for
 * it, and nothing that was not. It is independent of all that is tested.
 */
export class Truth {
  readonly events: readonly TrueEvent[];
  readonly #byNumber = new Map<number, TrueEvent>();
  /** Numbers that were leapt over: what had one of these was lost with the end of the file when Redis was killed. */
  readonly leaps: readonly (readonly [after: number, before: number])[];
  readonly problems: string[] = [];

  constructor(commands: Iterable<readonly string[]>, logPrefix: string) {
    const events: TrueEvent[] = [];
    for (const [command, key, id, ...fields] of commands) {
      if (command?.toUpperCase() !== 'XADD' || !key?.startsWith(logPrefix) || id === undefined) continue;
      const at = (name: string) => {
        const found = fields.findIndex((field, i) => i % 2 === 0 && field === name);
        return found < 0 ? undefined : fields[found + 1];
      };
      const event = {
        n: Number(id.split('-')[0]),
        channel: key.slice(logPrefix.length),
        name: at('e') ?? '',
        data: at('d') ?? '',
        raw: at('r'),
        at: Number(at('a')),
      };
      const last = events.at(-1)?.n ?? 0;
      if (event.n <= last) this.problems.push(`The number ${event.n} was given after ${last}.`);
      events.push(event);
      this.#byNumber.set(event.n, event);
    }
    this.events = events;
    this.leaps = events
      .map((event, i) => [events[i - 1]?.n ?? 0, event.n] as const)
      .filter(([before, n]) => n - before > 100_000);
  }

  static read(folder: string, logPrefix: string): Truth {
    return new Truth(commandsIn(folder), logPrefix);
  }

  get(n: number): TrueEvent | undefined {
    return this.#byNumber.get(n);
  }

  /** Whether a number may have belonged to an event that Redis lost when it was killed. */
  isInLostTail(n: number): boolean {
    return this.leaps.some(([after, before]) => n > after && n < before);
  }

  /** The events that the logs hold at the end. */
  kept(logLength: number): Set<number> {
    const logs = new Map<string, number[]>();
    for (const { n, channel } of this.events) {
      const log = logs.get(channel) ?? [];
      logs.set(channel, log);
      log.push(n);
      if (log.length > logLength) log.shift();
    }
    return new Set([...logs.values()].flat());
  }
}

function* commandsIn(folder: string): Generator<string[]> {
  const files = readdirSync(folder)
    .filter((name) => name.endsWith('.incr.aof'))
    .sort((a, b) => partOf(a) - partOf(b));
  for (const file of files) yield* commandsOf(readFileSync(join(folder, file)));
}

function partOf(file: string): number {
  return Number(/\.(\d+)\.incr\.aof$/.exec(file)?.[1]);
}

/** Redis writes each command as an array of strings: `*2\r\n$4\r\nPING\r\n…`. */
function* commandsOf(bytes: Buffer): Generator<string[]> {
  let from = 0;
  const number = () => {
    const end = bytes.indexOf('\r\n', from);
    if (end < 0) return -1;
    const value = Number(bytes.toString('latin1', from + 1, end));
    from = end + 2;
    return value;
  };
  while (from < bytes.length) {
    if (bytes[from] !== 0x2a) throw new Error(`The append-only file has something odd at ${from}.`);
    const words = [];
    for (let left = number(); left > 0; left--) {
      const size = number();
      if (size < 0 || from + size + 2 > bytes.length) return; // the end was being written
      words.push(bytes.toString('utf8', from, from + size));
      from += size + 2;
    }
    yield words;
  }
}
