import { REPORT_SECONDS } from './board.ts';
import { type AudienceReport, type Listeners, listenersOf, NOBODY, sumOf } from './listeners.ts';
import type { RedisLink } from './redisLink.ts';

/** Fields that are no channels: none begins with `pinstream:`. */
const REVISION = 'pinstream:revision';
const PATTERNED = 'pinstream:patterned';
/** Redis does nothing else while it takes so many. */
const PIECE = 1_000;
/** How often it is asked which other processes there are. One that has just begun has no streams that it could have told of. */
const OTHERS_MS = 1_000;

/**
 * Who listens at which process, in a hash for each: channel → streams. Only what has changed is sent, so that twenty thousand
 * streams cost what comes and goes among them, not all of their names every two seconds.
 *
 * Each report counts the hash's revision up. Is it another one than it should be, Redis has lost the hash meanwhile, by its
 * own restart or since this process stood still for too long: then all is sent once more.
 */
export class RedisReports {
  readonly #link: RedisLink;
  readonly #process: string;
  readonly #key: string;
  /** As Redis has it; undefined when nobody knows. */
  #sent: ReadonlyMap<string, string> | undefined;
  #revision = 0;
  /** The other processes that were there when last asked. */
  #others: readonly string[] = [];
  #asked = Number.NEGATIVE_INFINITY;

  constructor(link: RedisLink, process: string) {
    this.#link = link;
    this.#process = process;
    this.#key = this.#keyOf(process);
  }

  async report(audiences: readonly AudienceReport[]): Promise<boolean> {
    const fields = fieldsOf(listenersOf(audiences));
    const before = this.#sent ?? new Map<string, string>();
    const whole = this.#sent === undefined;
    const changed = [...fields].filter(([field, value]) => before.get(field) !== value);
    const gone = [...before.keys()].filter((field) => !fields.has(field));
    this.#sent = fields;
    this.#revision = whole ? 1 : this.#revision + 1;
    const expected = this.#revision;
    try {
      // Sent in this order on one connection, without waiting in between: who asks right after it, hears of it. What makes it
      // run out comes before the many names: whoever is killed between them leaves nothing that stays for ever.
      const [, revision] = await this.#link.ask((redis) => {
        const key = this.#key;
        return Promise.all([
          whole && redis.del(key),
          redis.hincrby(key, REVISION, 1),
          redis.expire(key, REPORT_SECONDS),
          redis.sadd(this.#link.names.reports, this.#process),
          ...pieces(gone).map((some) => redis.hdel(key, ...some)),
          ...pieces(changed).map((some) => redis.hset(key, ...some.flat())),
        ]);
      });
      if (revision === expected) return true;
    } catch (error) {
      this.#sent = undefined;
      throw error;
    }
    this.#sent = undefined;
    if (!whole) await this.report(audiences);
    return false;
  }

  /**
   * What all other processes last said: about these channels, or about all. A process that is alone knows it for a while, and
   * has nobody to ask.
   */
  async listenersElsewhere(channels?: readonly string[]): Promise<Listeners> {
    const others = this.#others;
    const now = performance.now();
    const look = channels === undefined || now - this.#asked >= OTHERS_MS;
    if (!look && others.length === 0) return NOBODY;
    const { reports } = this.#link.names;
    return this.#link.ask(async (redis) => {
      const [processes, ...first] = await Promise.all([
        look ? redis.smembers(reports) : others,
        ...others.map((process) => this.#read(process, channels)),
      ]);
      const unknown = processes.filter((process) => process !== this.#process && !others.includes(process));
      const more = await Promise.all(unknown.map((process) => this.#read(process, channels)));
      const said = new Map([...others, ...unknown].map((process, i) => [process, [...first, ...more][i]]));
      const gone = processes.filter((process) => said.has(process) && said.get(process) === undefined);
      if (gone.length > 0) await redis.srem(reports, ...gone);
      if (look) {
        this.#others = processes.filter((process) => said.get(process) !== undefined);
        this.#asked = now;
      } else if (gone.length > 0) this.#others = this.#others.filter((process) => !gone.includes(process));
      return sumOf([...said.values()].filter((one) => one !== undefined));
    });
  }

  /** Undefined when the process has said nothing for too long. */
  async #read(process: string, channels: readonly string[] | undefined): Promise<Listeners | undefined> {
    const { send } = this.#link;
    const key = this.#keyOf(process);
    const fields = channels === undefined ? await send.hgetall(key) : await some(key);
    if (fields[REVISION] === undefined) return undefined;
    const { [REVISION]: _, [PATTERNED]: patterned = '[]', ...named } = fields;
    return {
      named: new Map(Object.entries(named).map(([name, streams]) => [name, Number(streams)])),
      patterned: JSON.parse(patterned) as AudienceReport[],
    };

    async function some(from: string): Promise<Record<string, string>> {
      const names = [REVISION, PATTERNED, ...(channels ?? [])];
      const values = await send.hmget(from, ...names);
      return Object.fromEntries(
        names.flatMap((name, i) => (typeof values[i] === 'string' ? [[name, values[i]]] : [])),
      );
    }
  }

  #keyOf(process: string): string {
    return `${this.#link.names.reports}:${process}`;
  }
}

function fieldsOf({ named, patterned }: Listeners): Map<string, string> {
  const fields = new Map<string, string>();
  for (const [name, streams] of named) fields.set(name, String(streams));
  if (patterned.length > 0) fields.set(PATTERNED, JSON.stringify(patterned));
  return fields;
}

function pieces<T>(all: readonly T[]): T[][] {
  const pieces: T[][] = [];
  for (let from = 0; from < all.length; from += PIECE) pieces.push(all.slice(from, from + PIECE));
  return pieces;
}
