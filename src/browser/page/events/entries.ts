import { epochOf, numberOf } from '../../client/cursor.ts';
import type { Gap, PinstreamEvent } from '../../client.ts';

/** Where something stands among the others. */
export interface Place {
  /** Which store, in the order in which they were heard of. */
  readonly era: number;
  readonly n: number;
}

/** An event or a gap, in its place among the others. */
export interface Entry extends Place {
  readonly id: string;
  readonly event?: PinstreamEvent;
  readonly gap?: Gap;
  /** The how-manieth that came: what is late stands further up, and is new all the same. */
  readonly arrival: number;
}

export interface Bounds {
  readonly count: number;
  readonly characters: number;
}

/**
 * Events and gaps in the order of their numbers, each once, however often and late they come: what a chosen channel had before
 * comes after newer events of others. Bounded: the oldest go first.
 */
export class Entries {
  readonly #bounds: Bounds;
  readonly #ids = new Set<string>();
  readonly #eras: string[];
  /** Oldest first. */
  #list: Entry[] = [];
  #characters = 0;
  #arrivals = 0;
  /** The newest one that was there and had no room. */
  #dropped: Place | undefined;

  constructor(bounds: Bounds, eras: string[] = []) {
    this.#bounds = bounds;
    this.#eras = eras;
  }

  /** Oldest first. */
  get list(): readonly Entry[] {
    return this.#list;
  }

  /** The newest one that was there and had no room; undefined: all that came are here. */
  get dropped(): Place | undefined {
    return this.#dropped;
  }

  /** How many have come, ever. */
  get arrivals(): number {
    return this.#arrivals;
  }

  /** undefined: it is there already, or too old to be kept. */
  add(event: PinstreamEvent): Entry | undefined {
    const { era, n } = this.#placeOf(event.id);
    return this.#insert({ id: event.id, event, era, n, arrival: this.#arrivals + 1 });
  }

  addGap(gap: Gap): Entry | undefined {
    // Of a new store it is not known after which event; it stands after all that were heard.
    const { era, n } = gap.until === undefined ? this.#end : this.#placeOf(gap.until);
    const id = `gap ${gap.channel ?? ''} ${era} ${n}`;
    return this.#insert({ id, gap, era, n, arrival: this.#arrivals + 1 });
  }

  /** What had come up to then, with bounds of its own. */
  copy(bounds: Bounds, arrival: number): Entries {
    const copy = new Entries(bounds, this.#eras);
    copy.#dropped = this.#dropped;
    for (const entry of this.#list) if (entry.arrival <= arrival) copy.#insert(entry);
    return copy;
  }

  /** Where an id stands; an id of a store that was not heard of begins a new era. */
  #placeOf(id: string): Place {
    const epoch = epochOf(id);
    let era = this.#eras.indexOf(epoch);
    if (era < 0) era = this.#eras.push(epoch) - 1;
    return { era, n: numberOf(id) };
  }

  get #end(): Place {
    return { era: Math.max(0, this.#eras.length - 1), n: Number.POSITIVE_INFINITY };
  }

  #insert(entry: Entry): Entry | undefined {
    if (this.#ids.has(entry.id)) return undefined;
    let at = this.#list.length;
    while (at > 0 && isBefore(entry, this.#list[at - 1] as Entry)) at--;
    if (at === 0 && this.#isFull(entry)) {
      this.#drop(entry);
      return undefined;
    }
    this.#list.splice(at, 0, entry);
    this.#ids.add(entry.id);
    this.#arrivals++;
    this.#characters += charactersOf(entry);
    this.#trim();
    return entry;
  }

  #isFull(entry: Entry): boolean {
    const { count, characters } = this.#bounds;
    return (
      this.#list.length > 0 &&
      (this.#list.length >= count || this.#characters + charactersOf(entry) > characters)
    );
  }

  #drop(place: Place): void {
    if (!this.#dropped || isBefore(this.#dropped, place)) this.#dropped = place;
  }

  #trim(): void {
    let gone = 0;
    while (
      this.#list.length - gone > this.#bounds.count ||
      (this.#characters > this.#bounds.characters && this.#list.length - gone > 1)
    ) {
      const entry = this.#list[gone++] as Entry;
      this.#drop(entry);
      this.#ids.delete(entry.id);
      this.#characters -= charactersOf(entry);
    }
    if (gone > 0) this.#list.splice(0, gone);
  }
}

export function isBefore(one: Place, other: Place): boolean {
  if (one.era !== other.era) return one.era < other.era;
  return one.n < other.n;
}

function charactersOf({ event }: Entry): number {
  return event ? event.data.length + event.channel.length + event.name.length : 0;
}
