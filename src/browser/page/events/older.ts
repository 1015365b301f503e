import type { LoggedEvent } from './csv.ts';
import { epochOf, numberOf, PAGE, type ReadLog } from './log.ts';

/** Where nothing was found the next look reaches so much further back. */
const WIDER = 4;
const FIRST_WINDOW = 500;

/**
 * The log backwards. It is only read forwards, from a number on; so this looks at windows of numbers, each before the last one:
 * wider ones while there is little in them, narrower ones when there is too much for one answer.
 */
export class Older {
  readonly #read: ReadLog;
  readonly #channels: readonly string[];
  readonly #epoch: string;
  #from: number;
  #size = FIRST_WINDOW;

  /** `before`: the id of an event; what is older than that one is looked for. */
  constructor(read: ReadLog, channels: readonly string[], before: string) {
    this.#read = read;
    this.#channels = channels;
    this.#epoch = epochOf(before);
    this.#from = numberOf(before);
  }

  /** Everything from this number on has been read. */
  get from(): number {
    return this.#from;
  }

  /** The log has nothing that is older. */
  get done(): boolean {
    return this.#from <= 1;
  }

  /** The next window's events, oldest first; there may be none in it. */
  async next(signal: AbortSignal): Promise<LoggedEvent[]> {
    while (!this.done) {
      const after = Math.max(0, this.#from - 1 - this.#size);
      const found = await this.#window(after, signal);
      if (found) {
        this.#from = Math.min(this.#from, after + 1);
        if (found.length < PAGE / WIDER) this.#size *= WIDER;
        return found;
      }
      this.#size = Math.max(PAGE, Math.floor(this.#size / WIDER));
    }
    return [];
  }

  /** undefined: there is more in it than one answer tells. */
  async #window(after: number, signal: AbortSignal): Promise<LoggedEvent[] | undefined> {
    const found: LoggedEvent[] = [];
    let since = after;
    for (;;) {
      const page = await this.#read(this.#channels, `${this.#epoch}-${since}`, signal);
      if (epochOf(page.cursor) !== this.#epoch) {
        // The store is a new one: what was before is gone.
        this.#from = 0;
        return [];
      }
      found.push(...page.events.filter(({ id }) => numberOf(id) < this.#from));
      const end = numberOf(page.cursor);
      if (page.events.length === 0 || end >= this.#from - 1) return found;
      if (this.#from - after > PAGE + 1) return undefined;
      since = end;
    }
  }
}
