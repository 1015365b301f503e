import type { WireEvent, WireGap } from '../wire.ts';
import type { Gap, PinstreamEvent } from './api.ts';
import { isAfter, isSameStore } from './cursor.ts';
import type { Link, Place, Saying } from './messages.ts';
import { pageOf } from './page.ts';
import { matcher } from './pattern.ts';
import { isFinal, type Refusal } from './request.ts';

/** What waits for the history to arrive. With more of it all is asked for anew. */
const MOST_WAITING = 20_000;
const AGAIN = 2_000;

/** A channel or pattern that is listened to. */
interface Name {
  readonly meant: (channel: string) => boolean;
  /** All up to here was told; '': what was before is not wanted, but for the last so many events. */
  since: string;
  readonly last: number;
  /** From here on the hub tells. */
  begins?: string | undefined;
  /** What was before that is told as well. */
  isComplete?: boolean;
}

/**
 * One tab's place in what the hub tells to all: which channels it wants, how far it has heard, and what it lacks. The hub says
 * from which cursor on it tells a channel; what lies between that and where this tab was is read from the log. So it does not
 * matter whether the hub is new, has been there for long, or is another one than a moment ago.
 */
export interface Reader {
  /** All up to here was told. */
  readonly cursor: string;
  names(): readonly string[];
  add(names: readonly string[], last: number): void;
  remove(names: readonly string[]): void;
  /** From here on it is another hub, or one that has forgotten this tab. */
  join(link: Link): void;
  leave(): void;
  hear(saying: Saying): void;
}

export function createReader(
  place: () => Place,
  cursor: string,
  onEvent: (event: PinstreamEvent) => void,
  onGap: (gap: Gap) => void,
): Reader {
  const names = new Map<string, Name>();
  let link: Link | undefined;
  /** Ends the reading of the log. */
  let abort = new AbortController();
  let readings = 0;
  /** Until the hub has answered what was wanted last, what it says of channels is about what was wanted before. */
  let count = 0;
  let answered = 0;
  let waiting: Saying[] = [];
  /** What was removed while it lacked something. Added again before anything else happens, it goes on where it was. */
  const left = new Map<string, Name | undefined>();

  const namesOf = () => [...names.keys()];
  const want = () => link?.ask({ type: 'want', names: namesOf(), count: ++count });

  const event = ({ channel, event: name, data, at, id }: Omit<WireEvent, 'type'>) =>
    onEvent({ channel, name, data, at, id });
  const gap = ({ channel, until, certain = true }: Omit<WireGap, 'type'>) =>
    onGap({ channel, until, certain });

  /** Where the slowest one is. */
  function told(): string {
    let least = cursor;
    for (const { since, isComplete } of names.values())
      if (!isComplete && since && isAfter(least, since)) least = since;
    return least;
  }

  function leave(): void {
    link = undefined;
    abort.abort();
    abort = new AbortController();
    readings = 0;
    waiting = [];
    for (const name of names.values()) {
      // The cursor waits for what is still read of other channels; live events behind it were not told yet.
      if (name.isComplete && name.begins)
        name.since = cursor && isAfter(cursor, name.begins) ? cursor : name.begins;
      name.begins = undefined;
      name.isComplete = false;
    }
  }

  function join(other: Link): void {
    leave();
    link = other;
    want();
  }

  function begin(from: string, texts: readonly string[]): void {
    const behind: Record<string, string[]> = {};
    for (const text of texts) {
      const name = names.get(text);
      if (!name || name.begins) continue;
      // A hub that is behind says again what this tab has heard already.
      name.begins = isAfter(from, name.since) ? from : name.since;
      name.isComplete = name.begins === name.since;
      const lack = `${name.since} ${name.last}`;
      if (!name.isComplete) behind[lack] = [...(behind[lack] ?? []), text];
    }
    for (const some of Object.values(behind)) void read(some, from, abort.signal);
  }

  /** Tells what the log has on some channels up to where the hub begins. */
  async function read(texts: readonly string[], upTo: string, signal: AbortSignal): Promise<void> {
    readings++;
    const some = texts.flatMap((text) => names.get(text) ?? []);
    for (;;) {
      const page = await pageOf(place(), texts, some[0] as Name, signal).catch((error: Refusal) =>
        isFinal(error) ? error : new Promise<undefined>((done) => setTimeout(done, AGAIN)),
      );
      if (signal.aborted) return;
      if (!page) continue;
      if (page instanceof Error) {
        // Refused although the stream is not: what is missing cannot be known.
        gap({ certain: false });
        break;
      }
      // Of another store the hub tells all.
      if (!isSameStore(page.cursor, upTo)) break;
      for (const one of page.gap ?? []) gap(one);
      for (const one of page.events) {
        for (const name of some) name.since = one.id;
        if (!isAfter(one.id, upTo) && !isTold(one.channel, one.id)) event(one);
        if (signal.aborted) break;
      }
      // A handler has removed a channel: what is left of this is read anew.
      if (signal.aborted) return;
      for (const name of some) name.since = page.cursor;
      if (!isAfter(upTo, page.cursor)) break;
    }
    for (const name of some) name.isComplete = true;
    readings--;
    if (!readings) {
      reach(upTo);
      for (const saying of waiting.splice(0)) tell(saying);
    }
  }

  function reach(other: string): void {
    // A new hub is nowhere yet.
    if (!other || !isAfter(other, cursor)) return;
    // The first place that is heard of is where names begin of which nothing older is wanted.
    if (!cursor) for (const name of names.values()) if (!name.last) name.since = other;
    cursor = other;
    left.clear();
  }

  function tell(saying: Saying): void {
    if (saying.type === 'event') {
      reach(saying.id);
      if (isTold(saying.channel, saying.id)) event(saying);
    } else if (saying.type === 'at') {
      reach(saying.cursor);
    } else if (saying.type === 'gap') {
      const { channel, until = '' } = saying;
      // A gap of before the hub's beginning is told by the log.
      if (!channel || channel.includes('*') || isTold(channel, until)) gap(saying);
    }
  }

  /** Whether the hub tells it, to us too. */
  function isTold(channel: string, id: string): boolean {
    return [...names.values()].some(({ meant, begins }) => begins && meant(channel) && isAfter(id, begins));
  }

  return {
    get cursor() {
      return told();
    },
    names: namesOf,
    add(texts, last) {
      for (const text of texts)
        if (!names.has(text))
          names.set(text, {
            meant: matcher(text),
            since: last ? '' : (left.get(text)?.since ?? told()),
            last,
          });
      want();
    },
    remove(texts) {
      for (const text of texts) {
        const name = names.get(text);
        if (!name?.isComplete) left.set(text, name);
        names.delete(text);
      }
      // What is read just now may be of these: it is read anew, without them.
      if (readings) join(link as Link);
      else want();
    },
    join,
    leave,
    hear(saying) {
      if (saying.type === 'from') {
        answered = saying.answer ?? answered;
        if (!readings) reach(saying.cursor);
        if (answered === count) begin(saying.cursor, saying.names);
      } else if (!readings) tell(saying);
      else if (waiting.push(saying) > MOST_WAITING) join(link as Link);
    },
  };
}
