import { isPattern, matches } from '../../contract/channel.ts';
import { Audience, type Member } from './audience.ts';
import type { Dialect } from './dialects.ts';

/** How many channels' audiences are remembered, so that a chatty one is looked up once. */
const MOST_FOUND = 10_000;

/** All audiences of this app, and which of them a channel concerns. */
export class Audiences {
  readonly #all = new Map<string, Audience>();
  readonly #byName = new Map<string, Set<Audience>>();
  readonly #patterns = new Map<string, Set<Audience>>();
  readonly #found = new Map<string, readonly Audience[]>();

  get all(): Iterable<Audience> {
    return this.#all.values();
  }

  /** The audience of these channels and patterns; a new one if there is none. */
  of(channels: readonly string[], dialect: Dialect, rev: number): Audience {
    const names = [...new Set(channels)].sort();
    const key = keyOf(names, dialect, rev);
    const known = this.#all.get(key);
    if (known) return known;
    const audience = new Audience(names, dialect, rev);
    this.#all.set(key, audience);
    for (const name of names) {
      const index = isPattern(name) ? this.#patterns : this.#byName;
      const listening = index.get(name) ?? new Set();
      index.set(name, listening.add(audience));
    }
    this.#found.clear();
    return audience;
  }

  leave(audience: Audience, member: Member): void {
    audience.members.delete(member);
    if (audience.members.size > 0) return;
    this.#all.delete(keyOf(audience.channels, audience.dialect, audience.rev));
    for (const name of audience.channels) {
      const index = isPattern(name) ? this.#patterns : this.#byName;
      const listening = index.get(name);
      listening?.delete(audience);
      if (listening?.size === 0) index.delete(name);
    }
    this.#found.clear();
  }

  /** Those who listen to a channel, each once. */
  concernedBy(channel: string): readonly Audience[] {
    const known = this.#found.get(channel);
    if (known) return known;
    const found = new Set(this.#byName.get(channel));
    for (const [pattern, audiences] of this.#patterns) {
      if (matches(pattern, channel)) for (const audience of audiences) found.add(audience);
    }
    if (this.#found.size >= MOST_FOUND) this.#found.clear();
    const list = [...found];
    this.#found.set(channel, list);
    return list;
  }
}

function keyOf(names: readonly string[], dialect: Dialect, rev: number): string {
  return [dialect, rev, ...names].join('\n');
}
