import { createHash } from 'node:crypto';
import type { RawQueue } from './rawQueue.ts';
import type { RedisLink } from './redisLink.ts';

/** A raw publish that was adopted; of the text only its digest. */
interface Adoption {
  readonly n: number;
  readonly channel: string;
  readonly digest: string;
}

/** Numbers of which the log has dropped some: more than `after`, up to `until`. */
interface Range {
  after: number;
  readonly until: number;
  /** The log was read so far. */
  read: boolean;
}

/**
 * What was adopted and has left the log before this app could hear of it. It must leave the queue all the same, or the next
 * keeper adopts it again. Redis remembers the newest adoptions beyond the logs, as digests; those that the log still has are
 * heard from there.
 */
export class MissedAdoptions {
  readonly #link: RedisLink;
  readonly #queue: RawQueue;
  #ranges: Range[] = [];
  /** Numbers in the ranges whose events came out of the log. */
  readonly #heardOf = new Set<number>();
  /** false: Redis did not remember all that was asked for. */
  #known = true;
  #asking: Promise<boolean> | undefined;

  constructor(link: RedisLink, queue: RawQueue) {
    this.#link = link;
    this.#queue = queue;
  }

  /** The log has dropped something here. Several gaps that overlap are asked for once. */
  note(after: number, until: number): void {
    const from = Math.max(after, ...this.#ranges.map((range) => range.until));
    if (from < until) this.#ranges.push({ after: from, until, read: false });
  }

  /** Whether something is still to be asked for. */
  get pending(): boolean {
    return this.#ranges.length > 0;
  }

  /** An adoption was heard of after all. */
  heardOf(n: number): void {
    const last = this.#ranges.at(-1);
    if (last && n <= last.until) this.#heardOf.add(n);
  }

  /** What was adopted up to here has left the queue. */
  passed(n: number): void {
    for (const range of this.#ranges) range.after = Math.max(range.after, n);
    this.#ranges = this.#ranges.filter(({ after, until }) => after < until);
  }

  /** Another store, with other numbers. */
  forget(): void {
    this.#known = true;
    this.#ranges = [];
    this.#heardOf.clear();
  }

  /**
   * Asks Redis for what is still to be known; `reached` tells when the log was read so far. Answers false when Redis does not
   * remember all of it. What cannot be asked is asked the next time.
   */
  ask(reached: (n: number) => Promise<void>): Promise<boolean> {
    this.#asking ??= this.#askAll(reached).finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #askAll(reached: (n: number) => Promise<void>): Promise<boolean> {
    for (let [range] = this.#ranges; range; [range] = this.#ranges) {
      if (!range.read) await reached(range.until);
      range.read = true;
      const { known, adoptions } = await this.#between(range);
      if (this.#ranges[0] !== range) continue; // forgotten meanwhile, or passed
      this.#ranges.shift();
      this.#known &&= known;
      // A marker may have passed since Redis was asked.
      this.#take(adoptions.filter(({ n }) => n > range.after && !this.#heardOf.has(n)));
    }
    this.#heardOf.clear();
    const known = this.#known;
    this.#known = true;
    return known;
  }

  #take(adoptions: readonly Adoption[]): void {
    const texts = new Map<string, string>();
    for (const channel of new Set(adoptions.map((adoption) => adoption.channel))) {
      for (const text of this.#queue.texts(channel)) texts.set(`${channel} ${digestOf(text)}`, text);
    }
    for (const { n, channel, digest } of adoptions) {
      const text = texts.get(`${channel} ${digest}`);
      if (text !== undefined) this.#queue.take(n, channel, text);
    }
  }

  async #between({ after, until }: Range): Promise<{ known: boolean; adoptions: Adoption[] }> {
    const { adopted, meta } = this.#link.names;
    const [known, ...adoptions] = (await this.#link.ask((redis) =>
      redis.pinstreamAdopted(adopted, meta, after, until),
    )) as [string, ...[string, string, string][]];
    return {
      known: known !== '',
      adoptions: adoptions.map(([n, channel, digest]) => ({ n: Number(n), channel, digest })),
    };
  }
}

/** A text as the append remembers it. */
function digestOf(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
