import { Hub } from './hub.ts';
import type { Asking, Link, Place, Saying } from './messages.ts';

const NAME = 'pinstream 1 ';
/** A leader that lives has answered by then. */
const SEEK = 300;
/** Whoever else wants to lead has said so by then. */
const CLAIM = 150;

/** What tabs say to one another. `term` counts the leaders: of two the later one leads, of one term the one with the smaller name. */
type Said =
  | { readonly type: 'seek' | 'leave' }
  | { readonly type: 'claim' | 'lead'; readonly term: number }
  | { readonly type: 'ask'; readonly asking: Asking }
  | { readonly type: 'say'; readonly sayings: readonly Saying[] };
type Word = Said & { readonly from: string; readonly to?: string | undefined };

/**
 * Where there is no SharedWorker: one of the tabs has the hub, and the others hear it through a BroadcastChannel. Without
 * locks, which a page on plain http has not (G9): tabs say who leads, and when that one leaves or falls silent another does.
 */
export class TabsLink implements Link {
  readonly #id = Math.random().toString(36).slice(2);
  readonly #place: Place;
  readonly #hear: (sayings: readonly Saying[]) => void;
  readonly #channel: BroadcastChannel;
  #term = 0;
  #leader: string | undefined;
  #hub: Hub | undefined;
  #claiming = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(place: Place, hear: (sayings: readonly Saying[]) => void) {
    this.#place = place;
    this.#hear = hear;
    this.#channel = new BroadcastChannel(NAME + JSON.stringify(place));
    this.#channel.onmessage = ({ data }) => this.#take(data);
    this.#post({ type: 'seek' });
    this.#timer = setTimeout(() => this.#claim(), SEEK);
  }

  ask(asking: Asking): void {
    if (this.#hub) this.#hub.hear(this.#id, asking);
    // Without a leader nobody hears it: as soon as there is one, it is asked again.
    else if (this.#leader) this.#post({ type: 'ask', asking }, this.#leader);
  }

  close(): void {
    clearTimeout(this.#timer);
    if (this.#hub) this.#post({ type: 'leave' });
    else this.ask({ type: 'bye' });
    this.#hub?.close();
    this.#channel.onmessage = null;
    this.#channel.close();
  }

  #post(said: Said, to?: string): void {
    this.#channel.postMessage({ ...said, to, from: this.#id });
  }

  #take(word: Word): void {
    const { from, to } = word;
    if (to !== undefined && to !== this.#id) return;
    switch (word.type) {
      case 'seek':
        if (this.#hub) this.#lead();
        break;
      case 'claim':
        this.#term = Math.max(this.#term, word.term);
        if (this.#hub) this.#lead();
        else if (this.#claiming && from < this.#id) this.#seek(SEEK + CLAIM);
        break;
      case 'lead':
        this.#meet(from, word.term);
        break;
      case 'leave':
        if (from !== this.#leader) break;
        this.#leader = undefined;
        this.#claim();
        break;
      case 'ask':
        this.#hub?.hear(from, word.asking);
        break;
      case 'say':
        if (from === this.#leader) this.#hear(word.sayings);
    }
  }

  /** Somebody leads. */
  #meet(from: string, term: number): void {
    const isBefore = term > this.#term || (term === this.#term && from < this.#id);
    if (this.#hub && !isBefore) {
      this.#lead();
      return;
    }
    this.#term = Math.max(this.#term, term);
    this.#hub?.close();
    this.#hub = undefined;
    this.#claiming = false;
    clearTimeout(this.#timer);
    if (this.#leader === from) return;
    this.#leader = from;
    this.#hear([{ type: 'unknown' }]);
  }

  #seek(milliseconds: number): void {
    this.#claiming = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#claim(), milliseconds);
  }

  #claim(): void {
    this.#term++;
    this.#claiming = true;
    this.#post({ type: 'claim', term: this.#term });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#begin(), CLAIM);
  }

  #begin(): void {
    this.#claiming = false;
    this.#leader = this.#id;
    this.#hub = new Hub(this.#place, (to, sayings) => {
      if (to === undefined || to === this.#id) this.#hear(sayings);
      if (to !== this.#id) this.#post({ type: 'say', sayings }, to);
    });
    this.#lead();
    this.#hear([{ type: 'unknown' }]);
  }

  #lead(): void {
    this.#post({ type: 'lead', term: this.#term });
  }
}
