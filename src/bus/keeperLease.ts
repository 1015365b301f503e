import { randomBytes } from 'node:crypto';
import { matches } from '../contract/channel.ts';
import { BusError, type Lease } from './bus.ts';
import type { DoorbellNotice } from './redisEntries.ts';
import type { RedisLink } from './redisLink.ts';

const LEASE_MS = 5_000;

/**
 * Who of all the apps that share a Redis is the keeper, for a few seconds at a time. What the holder has under way is worth
 * nothing once another one holds it: the scripts compare the token.
 */
export class KeeperLease {
  /** ADOPT, in one order whoever wrote it. */
  readonly adopt: readonly string[];
  readonly #link: RedisLink;
  /** Apps that adopt nothing have a lease of their own: holding the others', they would keep those from adopting. */
  readonly #key: string;
  readonly #candidatesKey: string;
  readonly #app: string;
  /** A new one for each taking: what an earlier taking has still under way is fenced by it. */
  #token = newToken(); // never empty: an append takes that for one that needs no lease
  #before = '';
  #holder = '';
  /** When this app last asked Redis for the lease, and was not told that it had lost it. */
  #asked = performance.now();

  constructor(link: RedisLink, app: string, adopt: readonly string[]) {
    this.#link = link;
    this.#app = app;
    this.adopt = [...adopt].sort();
    const { names } = link;
    this.#key = adopt.length > 0 ? names.lease : names.watchLease;
    this.#candidatesKey = adopt.length > 0 ? names.candidates : names.watchers;
  }

  /** With which the holder's appends prove that they are the keeper's. */
  get terms(): Lease {
    return { key: this.#key, token: this.#token };
  }

  /** It was asked for so long ago that this app's word as a candidate may have run out, and one not in step may hold it. */
  get lapsed(): boolean {
    return performance.now() - this.#asked > LEASE_MS / 2;
  }

  /** Another app holds it, as far as is known. */
  get elsewhere(): boolean {
    return this.#holder !== '' && this.#holder !== this.#token;
  }

  /** The ADOPT of the app that holds it; undefined when nobody else is known to. It is part of the token. */
  get adoptElsewhere(): readonly string[] | undefined {
    if (!this.elsewhere || !this.#holder.includes(' ')) return undefined;
    return this.#holder.slice(this.#holder.indexOf(' ') + 1).split(',');
  }

  /** Whether the keeper adopts it too, whoever that is: what it doesn't want would wait here for ever. */
  wants(channel: string): boolean {
    const adopt = this.adoptElsewhere;
    return adopt === undefined || adopt.some((pattern) => matches(pattern, channel));
  }

  /** What is to be said when the keeper's ADOPT is not this app's. */
  get difference(): string | undefined {
    const theirs = this.adoptElsewhere?.join(',');
    const ours = this.adopt.join(',');
    if (theirs === undefined || theirs === ours) return undefined;
    return `Another app on this Redis keeps the raw publishes, and its ADOPT is "${theirs}", not "${ours}": only what it names is kept. Set it alike everywhere.`;
  }

  /**
   * Takes it, or renews it if it is held. Answers the newest number, or undefined when it is somebody else's. An app that is
   * not eligible, since it may have missed something, leaves it to those who are; where there are none it takes it with a
   * token that begins with ~, and one who was eligible and has lapsed may take it from there.
   */
  async hold({ held, eligible }: { held: boolean; eligible: boolean }): Promise<number | undefined> {
    if (!held) {
      this.#before = this.#token;
      this.#token = `${eligible ? '' : '~'}${newToken()} ${this.adopt.join(',')}`;
    }
    const asked = performance.now();
    const lapsed = eligible && this.lapsed;
    const [n, holder] = (await this.#link.ask((redis) =>
      redis.pinstreamLease(
        this.#key,
        this.#link.names.meta,
        this.#candidatesKey,
        this.#app,
        this.#token,
        this.#before,
        LEASE_MS,
        eligible ? 1 : 0,
        held ? 1 : 0,
        lapsed ? 1 : 0,
      ),
    )) as [string, string];
    if (n !== '-1' || !held) this.#asked = asked;
    this.#holder = holder;
    if (n !== '-1') return Number(n);
    if (!held) this.#token = this.#before;
    return undefined;
  }

  /** Tells all apps, as the keeper. One that is not the keeper any more must not. */
  async say(notice: DoorbellNotice, { key, token }: Lease): Promise<void> {
    const { names } = this.#link;
    const said = await this.#link.ask((redis) =>
      redis.pinstreamSay(key, names.meta, token, names.doorbell, JSON.stringify(notice)),
    );
    if (said !== 1) throw new BusError('fenced', 'It is no longer for this app to say.');
  }

  /** Gives it back, so that another app goes on at once. Answers whether there is another one, as far as is known. */
  async release(): Promise<boolean> {
    const others = await this.#link
      .ask((redis) => redis.pinstreamRelease(this.#key, this.#candidatesKey, this.#token, this.#app))
      .catch(() => 0);
    return Number(others) > 0;
  }
}

function newToken(): string {
  return randomBytes(12).toString('base64url');
}
