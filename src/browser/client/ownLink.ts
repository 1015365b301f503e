import { Hub } from './hub.ts';
import type { Asking, Link, Place, Saying } from './messages.ts';

/** A hub of this page's own. */
export class OwnLink implements Link {
  readonly #hub: Hub;

  constructor(place: Place, hear: (sayings: readonly Saying[]) => void) {
    this.#hub = new Hub(place, (_, sayings) => hear(sayings));
  }

  ask(asking: Asking): void {
    this.#hub.hear('', asking);
  }

  close(): void {
    this.#hub.close();
  }
}
