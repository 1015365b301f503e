import { insert, placeOf } from './sorted.ts';

const MOST_STEPS = 2_000;

/** How a pin is from then on, as its device said. */
export interface Step {
  readonly at: number;
  /** null: nobody knows. */
  readonly level: 0 | 1 | null;
  readonly blink: number | undefined;
  /** No sidecar runs: nobody is watching. */
  readonly watched: boolean;
}

/** A stretch in which a pin's level was the same. */
export interface Level extends Step {
  /** undefined: it is still so. */
  readonly to: number | undefined;
}

/** The level of a pin over time. Only what changes is kept. */
export class Levels {
  readonly #steps: Step[] = [];

  get last(): Step | undefined {
    return this.#steps.at(-1);
  }

  hear(step: Step): void {
    const place = placeOf(this.#steps, step.at, timeOf);
    if (isLike(this.#steps[place - 1], step)) return;
    // The same was said later, and is known from here on now.
    if (isLike(this.#steps[place], step)) this.#steps.splice(place, 1);
    insert(this.#steps, step, timeOf);
    if (this.#steps.length > MOST_STEPS) this.#steps.shift();
  }

  /** The last one before stays: it tells how the pin was from then on. */
  forget(before: number): void {
    const place = placeOf(this.#steps, before, timeOf);
    if (place > 1) this.#steps.splice(0, place - 1);
  }

  within(from: number, to: number): readonly Level[] {
    const first = Math.max(0, placeOf(this.#steps, from, timeOf) - 1);
    const end = placeOf(this.#steps, to, timeOf);
    return this.#steps.slice(first, end).map((step, i) => ({ ...step, to: this.#steps[first + i + 1]?.at }));
  }
}

function timeOf({ at }: Step): number {
  return at;
}

function isLike(one: Step | undefined, other: Step): boolean {
  return one?.level === other.level && one.blink === other.blink && one.watched === other.watched;
}
