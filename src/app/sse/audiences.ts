import { hash } from 'node:crypto';
import { isPattern } from '../../contract/channel.ts';
import { Audience, type Member } from './audience.ts';
import type { Dialect } from './dialects.ts';
import { ListenedName } from './listenedName.ts';
import { PatternIndex } from './patternIndex.ts';

/** A key that is longer is held as its digest: a stream may listen to a hundred names of 200 bytes. */
const LONGEST_KEY = 64;

/** All audiences of this app, and which of them a channel concerns. */
export class Audiences {
  readonly #all = new Map<string, Audience>();
  readonly #names = new Map<string, ListenedName>();
  readonly #patterns = new PatternIndex<ListenedName>();

  get all(): Iterable<Audience> {
    return this.#all.values();
  }

  /** The audience of these channels and patterns; a new one if there is none. */
  of(channels: readonly string[], dialect: Dialect, rev: number): Audience {
    const texts = [...new Set(channels)].sort();
    const key = keyOf(texts, dialect, rev);
    const known = this.#all.get(key);
    if (known) return known;
    const names = texts.map((text) => this.#nameOf(text));
    const audience = new Audience(
      names.map(({ text }) => text),
      dialect,
      rev,
      key,
    );
    for (const { audiences } of names) audiences.add(audience);
    this.#all.set(key, audience);
    return audience;
  }

  leave(audience: Audience, member: Member): void {
    if (!audience.members.delete(member) || audience.members.size > 0) return;
    this.#all.delete(audience.key);
    for (const text of audience.channels) this.#leaveName(text, audience);
  }

  /** Those who listen to a channel, each once. Whoever comes or leaves meanwhile may be among them or not. */
  concernedBy(channel: string): Iterable<Audience> {
    const names = this.#patterns.meaning(channel);
    const name = this.#names.get(channel);
    if (name) names.push(name);
    const [only] = names;
    if (only === undefined) return [];
    if (names.length === 1) return only.audiences;
    const concerned = new Set<Audience>();
    for (const { audiences } of names) for (const audience of audiences) concerned.add(audience);
    return concerned;
  }

  #nameOf(text: string): ListenedName {
    const known = this.#names.get(text);
    if (known) return known;
    const name = new ListenedName(text);
    this.#names.set(name.text, name);
    if (isPattern(text)) this.#patterns.add(name);
    return name;
  }

  #leaveName(text: string, audience: Audience): void {
    const name = this.#names.get(text) as ListenedName;
    name.audiences.delete(audience);
    if (name.audiences.size > 0) return;
    this.#names.delete(text);
    if (isPattern(text)) this.#patterns.delete(name);
  }
}

function keyOf(names: readonly string[], dialect: Dialect, rev: number): string {
  const key = [dialect, rev, ...names].join('\n');
  return key.length > LONGEST_KEY ? hash('sha256', key, 'base64') : key;
}
