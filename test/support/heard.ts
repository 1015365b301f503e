import type { Gap, Listener } from '../../src/bus/bus.ts';
import type { Cursor } from '../../src/contract/cursor.ts';
import type { StoredEvent } from '../../src/contract/event.ts';

/** A listener that writes down what it hears, and on which a test can wait. */
export class Heard implements Listener {
  readonly events: StoredEvent[] = [];
  readonly opened: Cursor[] = [];
  readonly gaps: Gap[] = [];
  readonly skipped: number[] = [];
  n = 0;
  #waiting: { met: () => boolean; done: () => void }[] = [];

  open(position: Cursor): void {
    this.opened.push(position);
    this.n = position.n;
    this.#wake();
  }

  event(event: StoredEvent): void {
    this.events.push(event);
    this.n = event.n;
    this.#wake();
  }

  advance(n: number): void {
    this.skipped.push(n);
    this.n = n;
    this.#wake();
  }

  gap(gap: Gap): void {
    this.gaps.push(gap);
    this.#wake();
  }

  until(met: () => boolean): Promise<void> {
    if (met()) return Promise.resolve();
    return new Promise((done) => this.#waiting.push({ met, done }));
  }

  /** Something else that a test waits for may have happened. */
  poke(): void {
    this.#wake();
  }

  #wake(): void {
    for (const waiting of this.#waiting.filter(({ met }) => met())) {
      this.#waiting = this.#waiting.filter((other) => other !== waiting);
      waiting.done();
    }
  }
}
