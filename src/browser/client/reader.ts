import type { Gap, PinstreamEvent } from './api.ts';
import { isAfter, isSameStore } from './cursor.ts';
import type { Link, Place, Saying } from './messages.ts';
import { matcher } from './pattern.ts';
import { pageOf } from './poll.ts';
import type { Refusal } from './request.ts';

/** What waits for the history to arrive. With more of it the whole is asked for anew. */
const MOST_WAITING = 20_000;
const AGAIN = 2_000;

/** A channel or pattern that is listened to. */
interface Name {
  readonly matches: (channel: string) => boolean;
  /** All up to here was told; '': nothing is wanted of before. */
  since: string;
  /** The last so many events come first. */
  last: number;
  /** From here on the hub tells. */
  from?: string | undefined;
  /** What was before that is told as well. */
  complete?: boolean;
}

export interface ReaderEars {
  event(event: PinstreamEvent): void;
  gap(gap: Gap): void;
}

/**
 * One tab's place in what the hub tells to all: which channels it wants, how far it has heard, and what it lacks. The hub says
 * from which cursor on it tells a channel; what lies between that and where this tab was is read from the log. So it does not
 * matter whether the hub is new, has been there for long, or is another one than a moment ago.
 */
export class Reader {
  /** All up to here was told. */
  cursor: string;
  readonly #place: () => Place;
  readonly #ears: ReaderEars;
  readonly #names = new Map<string, Name>();
  #link: Link | undefined;
  /** Ends the reading of the log. */
  #abort = new AbortController();
  #reading = 0;
  #waiting: Saying[] = [];

  constructor(place: () => Place, cursor: string, ears: ReaderEars) {
    this.#place = place;
    this.#ears = ears;
    this.cursor = cursor;
  }

  get names(): readonly string[] {
    return [...this.#names.keys()];
  }

  add(names: readonly string[], last: number): void {
    for (const name of names) {
      const since = last > 0 ? '' : this.cursor;
      if (!this.#names.has(name)) this.#names.set(name, { matches: matcher(name), since, last });
    }
    this.#want();
  }

  remove(names: readonly string[]): void {
    for (const name of names) this.#names.delete(name);
    this.#want();
  }

  /** From here on it is another hub, or one that has forgotten this tab. */
  join(link: Link): void {
    this.leave();
    this.#link = link;
    this.#want();
  }

  leave(): void {
    this.#link = undefined;
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#reading = 0;
    this.#waiting = [];
    for (const name of this.#names.values()) {
      if (name.complete) name.since = this.cursor;
      name.from = name.complete = undefined;
    }
  }

  hear(saying: Saying): void {
    if (saying.type === 'from') this.#begin(saying.cursor, saying.names);
    else if (this.#reading === 0) this.#tell(saying);
    else if (this.#waiting.push(saying) > MOST_WAITING && this.#link) this.join(this.#link);
  }

  #want(): void {
    this.#link?.ask({ type: 'want', names: this.names });
  }

  #begin(cursor: string, names: readonly string[]): void {
    const behind = new Map<string, string[]>();
    for (const text of names) {
      const name = this.#names.get(text);
      if (!name || name.from !== undefined) continue;
      name.from = cursor;
      name.complete = name.since === '' ? name.last === 0 : !isAfter(cursor, name.since);
      const question = `${name.since} ${name.last}`;
      if (!name.complete) behind.set(question, [...(behind.get(question) ?? []), text]);
    }
    for (const texts of behind.values()) void this.#read(texts, cursor, this.#abort.signal);
    if (this.#reading === 0) this.#reach(cursor);
  }

  /** Tells what the log has on some channels up to where the hub begins. */
  async #read(texts: readonly string[], upTo: string, signal: AbortSignal): Promise<void> {
    this.#reading++;
    const names = texts.flatMap((text) => this.#names.get(text) ?? []);
    const question = { ...(names[0] as Name) };
    for (let arrived = false; !arrived; ) {
      const page = await pageOf(this.#place(), texts, { ...question, signal }).catch(
        (error: Refusal) => error,
      );
      if (signal.aborted) return;
      if (page instanceof Error) {
        if (page.isFinal) break;
        await new Promise((done) => setTimeout(done, AGAIN));
        if (signal.aborted) return;
        continue;
      }
      // Of another store the hub tells all.
      if (!isSameStore(page.cursor, upTo)) break;
      for (const { channel, until, certain = true } of page.gap ?? [])
        this.#ears.gap({ certain, ...(channel && { channel }), ...(until && { until }) });
      for (const { event: name, ...event } of page.events)
        if (!isAfter(event.id, upTo) && !this.#isTold(event)) this.#ears.event({ name, ...event });
      question.since = page.cursor;
      for (const name of names) name.since = page.cursor;
      arrived = !isAfter(upTo, page.cursor);
    }
    for (const name of names) name.complete = true;
    this.#reading--;
    this.#reach(upTo);
    if (this.#reading === 0) for (const saying of this.#waiting.splice(0)) this.#tell(saying);
  }

  #reach(cursor: string): void {
    if (this.cursor === '' || isAfter(cursor, this.cursor)) this.cursor = cursor;
  }

  #tell(saying: Saying): void {
    if (saying.type === 'event') {
      const { event } = saying;
      this.cursor = event.id;
      if (this.#isTold(event)) this.#ears.event(event);
    } else if (saying.type === 'at') {
      this.cursor = saying.cursor;
    } else if (saying.type === 'gap' && this.#concerns(saying.gap)) {
      this.#ears.gap(saying.gap);
    }
  }

  /** Whether the hub tells it, to us too. */
  #isTold({ channel, id }: { channel: string; id: string }): boolean {
    for (const { matches, from } of this.#names.values())
      if (from !== undefined && matches(channel) && isAfter(id, from)) return true;
    return false;
  }

  /** A gap of before the hub's beginning is told by the log. */
  #concerns({ channel, until = '' }: Gap): boolean {
    return !channel || channel.includes('*') || this.#isTold({ channel, id: until });
  }
}
