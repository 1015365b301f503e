import type { WireEvent, WireGap } from '../wire.ts';
import type { Gap } from './api.ts';
import { plain } from './cursor.ts';
import type { Saying } from './messages.ts';

/** How far a line has heard, on which channels, and what of it has still to be said. */
export class Track {
  /** All up to here was heard. */
  cursor = '';
  /** Every event on these is heard. */
  heard: ReadonlySet<string> = new Set();
  #unsaid: Saying[] = [];
  readonly #say: (...sayings: Saying[]) => void;

  constructor(say: (...sayings: Saying[]) => void) {
    this.#say = say;
  }

  event({ channel, event: name, data, at, id }: Omit<WireEvent, 'type'>): void {
    this.cursor = id;
    this.#unsaid.push({ type: 'event', event: { channel, name, data, at, id } });
  }

  gap({ channel, until, certain = true }: Omit<WireGap, 'type'>): void {
    const gap: Gap = { certain, ...(channel && { channel }), ...(until && { until }) };
    this.#unsaid.push({ type: 'gap', gap });
  }

  at(id: string): void {
    const cursor = plain(id);
    if (cursor === this.cursor) return;
    this.cursor = cursor;
    this.#unsaid.push({ type: 'at', cursor });
  }

  /** From here on these channels, and no others. */
  hear(names: readonly string[]): void {
    const added = names.filter((name) => !this.heard.has(name));
    this.heard = new Set(names);
    if (added.length > 0) this.#unsaid.push({ type: 'from', cursor: this.cursor, names: added });
  }

  /** Nobody listens any more: who comes later begins anew. */
  forget(): void {
    this.cursor = '';
    this.heard = new Set();
  }

  flush(): void {
    if (this.#unsaid.length > 0) this.#say(...this.#unsaid.splice(0));
  }
}
