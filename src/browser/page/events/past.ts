import type { PinstreamEvent } from '../../client.ts';
import { part, write } from '../element.ts';
import { eventOf, readBack } from './log.ts';
import { Older } from './older.ts';

/** So many pages of the log at one go; a search through a large log goes on when it is asked to. */
const MOST_PAGES = 30;

interface Extent {
  readonly isSearch: boolean;
  readonly hasMore: boolean;
  readonly isFull: boolean;
  readonly isWhole: boolean;
}

interface Reader {
  /** Channels and patterns; none: all. */
  readonly channels: readonly string[];
  readonly isSearch: boolean;
  /** The newest event that is to be seen: it looks back from there. */
  readonly from: string | undefined;
  /** true: it was wanted, and not there yet. */
  add(event: PinstreamEvent): boolean;
  /** Everything from this number on has been read: does that do? */
  isEnough(from: number): boolean;
  /** Nobody has asked for it: nothing is said of it. */
  readonly isQuiet?: boolean;
}

/** What the log has and the page has not: "Show older", or "Search the log". */
export class Past {
  readonly #button: HTMLButtonElement;
  readonly #said: HTMLElement;
  #older: Older | undefined;
  #reading: AbortController | undefined;

  constructor(root: HTMLElement, wanted: () => void) {
    this.#button = part<HTMLButtonElement>(root, 'older');
    this.#said = part(root, 'end');
    this.#button.addEventListener('click', wanted);
  }

  /** What was wanted has changed: it begins anew. */
  forget(): void {
    this.#reading?.abort();
    this.#reading = undefined;
    this.#older = undefined;
    this.#button.disabled = false;
    this.say('');
  }

  /**
   * `hasMore`: the page knows some that it does not show. `isFull`: it shows as many as it ever does. `isWhole`: it knows all
   * that the log has.
   */
  show({ isSearch, hasMore, isFull, isWhole }: Extent): void {
    const isEnd = !hasMore && (isWhole || (this.#older?.done ?? false));
    this.#button.textContent = isSearch ? 'Search the log' : 'Show older';
    this.#button.hidden = isEnd || isFull;
    if (isEnd) this.say('The log keeps nothing older.');
    else if (isFull)
      this.say('This is as much as the page shows. A search or the download finds what is older.');
  }

  hide(): void {
    this.#button.hidden = true;
  }

  say(text: string, wrong = false): void {
    write(this.#said, text);
    this.#said.classList.toggle('wrong', wrong);
  }

  /** Reads until it is enough or there is nothing more. Answers from which number on everything was read, if it came to that. */
  async read(reader: Reader): Promise<number | undefined> {
    if (this.#reading || reader.from === undefined) return undefined;
    const channels = reader.channels.length > 0 ? reader.channels : ['*'];
    this.#older ??= new Older(readBack, channels, reader.from);
    const reading = new AbortController();
    this.#reading = reading;
    this.#button.disabled = !reader.isQuiet;
    if (!reader.isQuiet) this.say(reader.isSearch ? 'Searching the log …' : 'Reading the log …');
    const older = this.#older;
    let from: number | undefined;
    try {
      const found = await this.#look(older, reader, reading.signal);
      if (reading.signal.aborted) return undefined;
      from = Math.max(1, older.from);
      if (!reader.isQuiet) this.say(older.done ? '' : goOn(found, reader));
    } catch (error) {
      if (reading.signal.aborted) return undefined;
      if (!reader.isQuiet) this.say((error as Error).message, true);
    }
    this.#reading = undefined;
    this.#button.disabled = false;
    return from;
  }

  async #look(older: Older, reader: Reader, signal: AbortSignal): Promise<number> {
    let found = 0;
    for (let i = 0; i < MOST_PAGES && !older.done && !reader.isEnough(older.from); i++) {
      const events = await older.next(signal);
      if (signal.aborted) break;
      found += events.filter((event) => reader.add(eventOf(event))).length;
    }
    return found;
  }
}

function goOn(found: number, { isSearch }: Reader): string {
  if (found > 0 || !isSearch) return '';
  return 'Nothing so far. There is more in the log: search on.';
}
