/** Adoptions that are noted while a marker is out. */
const MOST_EARLY = 10_000;
const MOST_ITEMS = 100_000;
const MOST_BYTES = 64 * 1_048_576;

/** A raw publish that was heard and has no number yet. */
export interface RawPublish {
  readonly channel: string;
  readonly text: string;
  /** When it was heard: it may have to wait for its number. */
  readonly at: number;
}

/** What an app has heard, in its order: raw publishes, and markers among them. */
export type RawItem = RawPublish | { readonly marker: string };

/**
 * The raw publishes that an app has heard and that nobody is known to have adopted. Every app keeps them, so that the next
 * keeper can go on. Each adopted event takes the oldest equal one out, at the keeper too.
 *
 * An app that has just subscribed may hear of adoptions whose publish it never heard; were these to take an equal, later
 * publish out, that one would be lost. So nothing is taken until a marker of its own has come back through the keeper: all
 * that was published before the marker is adopted by then, and leaves together with it.
 */
export class RawQueue {
  /** In the order in which they were heard: a Set keeps it, and lets go of any of them at once. */
  readonly #items = new Set<RawItem>();
  /** Those that the keeper has not sent to the log yet, in the same order. */
  #unsent = new Set<RawItem>();
  /** Channel → text → the equal ones, oldest first. */
  readonly #equal = new Map<string, Map<string, Set<RawPublish>>>();
  #bytes = 0;
  #marker: string | undefined;
  #early: [n: number, channel: string, text: string][] = [];

  /** How many raw publishes wait. */
  get length(): number {
    return publishes(this.#items);
  }

  get full(): boolean {
    return this.#items.size >= MOST_ITEMS || this.#bytes >= MOST_BYTES;
  }

  /** How many raw publishes the keeper has not sent to the log yet. */
  get unsent(): number {
    return publishes(this.#unsent);
  }

  /** The marker that is out: another one for each subscription. */
  get marker(): string | undefined {
    return this.#marker;
  }

  /** Whether this queue is in step with the keeper's. */
  get settled(): boolean {
    return this.#marker === undefined;
  }

  push(channel: string, text: string, at: number): void {
    const item = { channel, text, at };
    this.#add(item);
    const texts = this.#equal.get(channel) ?? new Map<string, Set<RawPublish>>();
    this.#equal.set(channel, texts);
    const equal = texts.get(text);
    if (equal) equal.add(item);
    else texts.set(text, new Set([item]));
  }

  /** A marker was heard among the raw publishes: this app's or another one's. */
  pushMarker(marker: string): void {
    this.#add({ marker });
  }

  /** This app has subscribed anew, and will send this marker. */
  unsettle(marker: string): void {
    if (this.#marker === undefined) this.#early = [];
    this.#marker = marker;
  }

  /** Another store: what was heard of adoptions is of other numbers. */
  forgetEarly(): void {
    this.#early = [];
  }

  /** An event was adopted under a number, or dropped for good at it. */
  take(n: number, channel: string, text: string): void {
    if (this.#marker !== undefined) {
      if (this.#early.length < MOST_EARLY) this.#early.push([n, channel, text]);
      return;
    }
    for (const oldest of this.#equal.get(channel)?.get(text) ?? []) {
      this.#remove(oldest);
      return;
    }
  }

  /** The keeper has come to a marker, at a number: all before it is adopted. Answers whether that has settled this queue. */
  passed(n: number, marker: string): boolean {
    const found = this.#find(marker);
    // Its place among the raw publishes is not known, so neither is what was before it: the next marker tells.
    if (!found) return false;
    if (marker !== this.#marker) {
      this.#remove(found);
      return false;
    }
    this.#removeUpTo(found);
    // Events are handed on before a marker that rang among them while they were read: some of them may be newer.
    this.#settle((early) => early > n);
    return true;
  }

  /** There is no keeper who could send the marker back: what was heard of adoptions is all there is to go by. */
  settleAlone(): void {
    if (this.#marker !== undefined) this.#settle(() => true);
  }

  /** The texts on a channel that wait, each once. */
  texts(channel: string): Iterable<string> {
    return this.#equal.get(channel)?.keys() ?? [];
  }

  /**
   * What the keeper has not sent yet, oldest first. It counts as sent from now on. A marker is the first of what is sent: all
   * before it must have been adopted when it is sent back, and that is known only when each has been answered.
   */
  send(most: number): RawItem[] {
    const batch: RawItem[] = [];
    for (const item of this.#unsent) {
      if (batch.length === most || (batch.length > 0 && 'marker' in item)) break;
      batch.push(item);
    }
    for (const item of batch) this.#unsent.delete(item);
    return batch;
  }

  /** What was sent and not heard of since may have been lost: it is sent again. */
  forgetSent(): void {
    this.#unsent = new Set(this.#items);
  }

  /** Lets go of what nobody is going to adopt. */
  keepOnly(wanted: (channel: string) => boolean): void {
    for (const item of this.#items) if ('text' in item && !wanted(item.channel)) this.#remove(item);
  }

  clear(): void {
    for (const item of this.#items) this.#remove(item);
  }

  #settle(counts: (n: number) => boolean): void {
    const early = this.#early;
    this.#marker = undefined;
    this.#early = [];
    for (const [n, channel, text] of early) if (counts(n)) this.take(n, channel, text);
  }

  #add(item: RawItem): void {
    this.#items.add(item);
    this.#unsent.add(item);
    this.#bytes += sizeOf(item);
  }

  #find(marker: string): RawItem | undefined {
    for (const item of this.#items) if ('marker' in item && item.marker === marker) return item;
    return undefined;
  }

  #removeUpTo(last: RawItem): void {
    for (const item of this.#items) {
      this.#remove(item);
      if (item === last) return;
    }
  }

  #remove(item: RawItem): void {
    this.#items.delete(item);
    this.#unsent.delete(item);
    this.#bytes -= sizeOf(item);
    if ('marker' in item) return;
    const texts = this.#equal.get(item.channel);
    const equal = texts?.get(item.text);
    equal?.delete(item);
    if (equal?.size === 0) texts?.delete(item.text);
    if (texts?.size === 0) this.#equal.delete(item.channel);
  }
}

function publishes(items: Set<RawItem>): number {
  return [...items].filter((item) => 'text' in item).length;
}

/** About what it takes in memory. */
function sizeOf(item: RawItem): number {
  return 'marker' in item ? 0 : 2 * (item.channel.length + item.text.length);
}
