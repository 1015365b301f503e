import type { StoredEvent } from '../contract/event.ts';
import { entryBytes, PAGE_BYTES } from './bus.ts';

/** Of the events of many logs the newest, as many as fit into a page, and at least one. */
export class Newest {
  readonly #limit: number;
  #found: StoredEvent[] = [];
  #floor = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Nothing up to here has a place any more: it need not be read. */
  get floor(): number {
    return this.#floor;
  }

  add(events: readonly StoredEvent[]): void {
    for (const event of events) this.#found.push(event);
    // Only now and then: each log in turn would sort all that is found.
    if (this.#found.length > 4 * this.#limit) this.#cut();
  }

  /** Nothing up to here is to be among them: something newer had no place. */
  raise(floor: number): void {
    if (floor <= this.#floor) return;
    this.#floor = floor;
    this.#found = this.#found.filter(({ n }) => n > floor);
  }

  /** In the order of n. */
  get events(): readonly StoredEvent[] {
    this.#cut();
    return this.#found.toReversed();
  }

  #cut(): void {
    this.#found.sort((a, b) => b.n - a.n);
    const fitting = this.#fitting();
    if (fitting === this.#found.length) return;
    this.#floor = this.#found[fitting]?.n ?? this.#floor;
    this.#found.length = fitting;
  }

  #fitting(): number {
    let bytes = 0;
    for (const [i, event] of this.#found.entries()) {
      bytes += entryBytes(event);
      if (i === this.#limit || (i > 0 && bytes > PAGE_BYTES)) return i;
    }
    return this.#found.length;
  }
}
