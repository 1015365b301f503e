import { SPANS } from './timeline/spans.ts';

/**
 * What somebody has chosen to see, kept in the address behind `#`: a link keeps the view, and back and forward change it.
 * An address that was cut or made up is no error: what can be understood of it counts.
 */

export interface Seen {
  /** Channels and patterns; none: all. */
  readonly channels: readonly string[];
  readonly search: string;
  /** How much time the timeline shows, in its own words: `1h`. */
  readonly span: string | undefined;
}

export type Aspect = keyof Seen;

/** What the view needs of a window. */
export interface Place {
  readonly location: { readonly hash: string; readonly pathname: string; readonly search: string };
  readonly history: {
    pushState(data: unknown, unused: string, url: string): void;
    replaceState(data: unknown, unused: string, url: string): void;
  };
  addEventListener(type: 'hashchange', listener: () => void): void;
}

export type ViewListener = (changed: ReadonlySet<Aspect>) => void;

/** A stream has at most 100 channels and 10 patterns; the device and its pins need some of them. */
const MOST_CHANNELS = 60;
const MOST_PATTERNS = 8;
/** Of one pattern. */
const MOST_STARS = 4;
const MOST_SEARCH = 200;
/** Browsers refuse pages that write their address too often: what is typed letter by letter waits for a pause. */
const TYPING_MS = 300;

export class View {
  readonly #place: Place;
  readonly #listeners = new Set<ViewListener>();
  #seen: Seen;
  #typing: ReturnType<typeof setTimeout> | undefined;

  constructor(place: Place = window) {
    this.#place = place;
    this.#seen = readHash(place.location.hash) ?? NOTHING_CHOSEN;
    place.addEventListener('hashchange', () => this.#follow());
  }

  get channels(): readonly string[] {
    return this.#seen.channels;
  }

  get search(): string {
    return this.#seen.search;
  }

  get span(): string | undefined {
    return this.#seen.span;
  }

  /** The part of the address that says all this, `#` included; empty when everything is as it was at first. */
  get hash(): string {
    return writeHash(this.#seen);
  }

  /** `typed`: one of many small steps, which "back" need not go through one by one. */
  set(change: Partial<Seen>, { typed = false } = {}): void {
    const next = tidy({ ...this.#seen, ...change });
    if (writeHash(next) === this.hash) return;
    clearTimeout(this.#typing);
    if (typed) this.#typing = setTimeout(() => this.#write('replaceState'), TYPING_MS);
    this.#show(next);
    if (!typed) this.#write('pushState');
  }

  /** Called at each change, not now. The answer takes the listener away again. */
  watch(listener: ViewListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Back, forward, a link, or somebody typed into the address. */
  #follow(): void {
    const next = readHash(this.#place.location.hash);
    if (!next) return;
    clearTimeout(this.#typing);
    this.#show(next);
  }

  #show(next: Seen): void {
    const before = this.#seen;
    this.#seen = next;
    const changed = new Set<Aspect>();
    // A name may have a comma in it, but no line end.
    if (next.channels.join('\n') !== before.channels.join('\n')) changed.add('channels');
    if (next.search !== before.search) changed.add('search');
    if (next.span !== before.span) changed.add('span');
    if (changed.size === 0) return;
    for (const listener of this.#listeners) listener(changed);
  }

  #write(how: 'pushState' | 'replaceState'): void {
    const { pathname, search } = this.#place.location;
    try {
      this.#place.history[how](null, '', `${pathname}${search}${this.hash}`);
    } catch {
      // The browser finds that this was too often. The page goes on, and the next change is written.
    }
  }
}

const NOTHING_CHOSEN: Seen = { channels: [], search: '', span: undefined };

function writeHash({ channels, search, span }: Seen): string {
  const parts: string[] = [];
  if (channels.length > 0) parts.push(`channels=${channels.map(encode).join(',')}`);
  if (search !== '') parts.push(`search=${encode(search)}`);
  if (span !== undefined) parts.push(`span=${encode(span)}`);
  return parts.length > 0 ? `#${parts.join('&')}` : '';
}

/** undefined: the hash is no view of ours but a place on the page, `#feed`. */
export function readHash(hash: string): Seen | undefined {
  const text = hash.replace(/^#/, '');
  if (text === '') return NOTHING_CHOSEN;
  if (!text.includes('=')) return undefined;
  const found = new Map<string, string>();
  for (const piece of text.split('&')) {
    const cut = piece.indexOf('=');
    if (cut > 0) found.set(piece.slice(0, cut), piece.slice(cut + 1));
  }
  return tidy({
    channels: (found.get('channels') ?? '').split(',').map((name) => decode(name) ?? ''),
    search: decode(found.get('search') ?? '') ?? '',
    span: decode(found.get('span') ?? ''),
  });
}

function tidy({ channels, search, span }: Seen): Seen {
  const kept: string[] = [];
  for (const name of new Set(channels)) if (choiceProblem([...kept, name]) === undefined) kept.push(name);
  return {
    channels: kept,
    search: search.slice(0, MOST_SEARCH),
    span: SPANS.find(({ word }) => word === span)?.word,
  };
}

/** Why these channels and patterns can't be chosen together, as a sentence: a stream would be refused. */
export function choiceProblem(names: readonly string[]): string | undefined {
  if (names.length > MOST_CHANNELS) {
    return `At most ${MOST_CHANNELS} channels can be chosen. A pattern like room-* means many at once.`;
  }
  if (names.filter((name) => name.includes('*')).length > MOST_PATTERNS) {
    return `At most ${MOST_PATTERNS} patterns can be chosen: name channels, or take one back.`;
  }
  for (const name of names) {
    const problem = nameProblem(name);
    if (problem !== undefined) return problem;
  }
  return undefined;
}

/** As the server takes them. */
function nameProblem(name: string): string | undefined {
  const bytes = new TextEncoder().encode(name).length;
  if (bytes === 0 || bytes > 200) return 'The name of a channel has 1 to 200 bytes.';
  if (/\p{Cc}|\p{Cs}/u.test(name)) return 'The name of a channel has no control characters.';
  if (name.split('*').length > MOST_STARS + 1) return `A pattern has at most ${MOST_STARS} "*".`;
  if (/^(pinstream:|__)/.test(name)) return 'Channels that begin with "pinstream:" or "__" cannot be heard.';
  return undefined;
}

/** A half of a character, which only a program can make, has no place in an address. */
function encode(text: string): string {
  return encodeURIComponent(
    text.replace(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, ''),
  );
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
