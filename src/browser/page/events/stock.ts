import type { Gap, PinstreamEvent } from '../../client.ts';
import type { WireDevice } from '../../wire.ts';
import { deviceOf, isState } from '../reports.ts';
import { type Bounds, Entries, type Entry, isBefore, type Place } from './entries.ts';
import { chosenOf, isFound, searchOf } from './match.ts';

/** What is remembered, so that a search finds what chatty channels have pushed out of sight. */
const KEPT: Bounds = { count: 2_000, characters: 4_000_000 };
/** While the list stands still it may grow at its end by so much, which is read from the log. */
const GROWTH: Bounds = { count: 1_000, characters: 4_000_000 };

export interface Wanted {
  readonly channels: readonly string[];
  readonly search: string;
}

/**
 * The events that the page knows, and those of them that are wanted. While it is held, what is to be seen stands still, and
 * what comes is counted and remembered behind it.
 */
export class Stock {
  readonly #bounds: Bounds;
  readonly #memory: Entries;
  #held: Entries | undefined;
  /** What had been drawn when the list came to stand. */
  #seen = 0;
  #isChosen = chosenOf([]);
  #expression: RegExp | undefined;
  /** What has been compared once is not compared at each frame. */
  #judged = new WeakMap<Entry, boolean>();
  #came = 0;
  /** From here on nothing is missing of what is chosen, in all that is remembered and in what is held. */
  #border: Place | undefined;
  #heldBorder: Place | undefined;

  constructor(bounds: Bounds = KEPT) {
    this.#bounds = bounds;
    this.#memory = new Entries(bounds);
  }

  /** What is searched for. */
  get expression(): RegExp | undefined {
    return this.#expression;
  }

  get isHeld(): boolean {
    return this.#held !== undefined;
  }

  /** Everything that is to be seen now, wanted or not, oldest first. */
  get all(): readonly Entry[] {
    return (this.#held ?? this.#memory).list;
  }

  /** How many events are to be seen now, wanted or not; those that somebody made happen; and the device's last word. */
  get counts(): { readonly known: number; readonly made: number; readonly device: WireDevice | undefined } {
    const events = this.all.flatMap(({ event }) => event ?? []);
    const states = events.filter(isState);
    const last = states.at(-1);
    return {
      known: events.length,
      made: events.length - states.length,
      device: states.length === events.length && last ? deviceOf(last) : undefined,
    };
  }

  /** The id of the newest event that is to be seen now, wanted or not. */
  get newestId(): string | undefined {
    return this.#newest?.id;
  }

  /**
   * The stream began with the last events of each channel: nothing is missing from the newest one on. true: there was none, so
   * that nothing is missing at all.
   */
  begin(): boolean {
    const newest = this.#newest;
    this.#border = newest ? { era: newest.era, n: newest.n } : { era: 0, n: 0 };
    this.#heldBorder = this.#border;
    return newest === undefined;
  }

  /** All of the newest store from this number on was read. */
  readDownTo(n: number): void {
    const border = this.#edge;
    const place = { era: this.#newest?.era ?? 0, n };
    // What was heard of an older store stays complete.
    const lower = border && isBefore(border, place) ? border : place;
    if (this.#held) this.#heldBorder = lower;
    else this.#border = lower;
  }

  /** There are events between the others that the page has not been told of: before this entry. */
  isSparseAt(entry: Entry): boolean {
    const border = this.#edge;
    return entry.event !== undefined && border !== undefined && isBefore(entry, border);
  }

  /** Everything that the log has is here. */
  get isWhole(): boolean {
    const border = this.#edge;
    return border !== undefined && border.n <= 1 && (this.#held ?? this.#memory).dropped === undefined;
  }

  want({ channels, search }: Wanted): void {
    this.#isChosen = chosenOf(channels);
    this.#expression = searchOf(search);
    this.#judged = new WeakMap();
    this.#came = this.#waiting();
  }

  /** false: it was there before, or nobody wants to see it. */
  add(event: PinstreamEvent): boolean {
    return this.#count(this.#memory.add(event));
  }

  addGap(gap: Gap): boolean {
    return this.#count(this.#memory.addGap(gap));
  }

  /** From the log. It is nothing new, though it comes late. */
  addOlder(event: PinstreamEvent): boolean {
    if (!this.wants(event)) return false;
    return (this.#held ?? this.#memory).add(event) !== undefined;
  }

  wants(event: PinstreamEvent): boolean {
    if (!this.#isChosen(event.channel)) return false;
    return this.#expression === undefined || isFound(event, this.#expression);
  }

  /** The newest wanted ones, newest first, and how many there are. */
  newest(most: number): { readonly entries: readonly Entry[]; readonly wanted: number } {
    const { all } = this;
    const entries: Entry[] = [];
    let wanted = 0;
    for (let i = all.length - 1; i >= 0; i--) {
      const entry = all[i] as Entry;
      if (!this.#judge(entry)) continue;
      if (entry.event) wanted++;
      if (entries.length < most) entries.push(entry);
    }
    return { entries, wanted };
  }

  /** How many wanted events there are from a number of the newest store on. */
  wantedFrom(n: number): number {
    const era = this.all.at(-1)?.era;
    return this.all.filter((entry) => entry.event && entry.era === era && entry.n >= n && this.#judge(entry))
      .length;
  }

  /** What has come so far is drawn. */
  drawn(): void {
    if (!this.#held) this.#seen = this.#memory.arrivals;
  }

  hold(): void {
    if (this.#held) return;
    const { count, characters } = this.#bounds;
    const room = {
      count: count + GROWTH.count,
      characters: characters + GROWTH.characters,
    };
    this.#held = this.#memory.copy(room, this.#seen);
    this.#heldBorder = this.#border;
    this.#came = this.#waiting();
  }

  release(): void {
    this.#held = undefined;
    this.#came = 0;
  }

  /** How many wanted ones came while it is held, and how many of them this page no longer remembers. */
  get behind(): { readonly came: number; readonly forgotten: number } {
    if (!this.#held) return { came: 0, forgotten: 0 };
    return { came: this.#came, forgotten: Math.max(0, this.#came - this.#waiting()) };
  }

  /** From here on nothing is missing in what is to be seen now. */
  get #edge(): Place | undefined {
    return this.#held ? this.#heldBorder : this.#border;
  }

  /** The newest event that is to be seen now. */
  get #newest(): Entry | undefined {
    return this.all.findLast(({ event }) => event);
  }

  #count(entry: Entry | undefined): boolean {
    if (!entry || !this.#judge(entry)) return false;
    if (this.#held) this.#came++;
    return true;
  }

  #waiting(): number {
    if (!this.#held) return 0;
    return this.#memory.list.filter((entry) => entry.arrival > this.#seen && this.#judge(entry)).length;
  }

  /** A gap concerns whoever sees its channel, whatever is searched for. */
  #judge(entry: Entry): boolean {
    const known = this.#judged.get(entry);
    if (known !== undefined) return known;
    const { event, gap } = entry;
    const wanted = event ? this.wants(event) : gap?.channel === undefined || this.#isChosen(gap.channel);
    this.#judged.set(entry, wanted);
    return wanted;
  }
}
