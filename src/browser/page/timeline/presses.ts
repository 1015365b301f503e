import type { Gesture, GestureName } from './gesture.ts';
import { insert, placeOf } from './sorted.ts';

/** What is kept of each pin. A log holds a thousand events at most, which are three to five for each press. */
export const MOST_PRESSES = 2_000;
/** A release is told with how long it was held: as close as this, it is the press that we know. */
const SAME_MS = 2_000;

export interface Press {
  readonly n: number;
  /** The event that told of it. */
  readonly id: string;
  readonly from: number;
  /** undefined: no release was heard of. */
  readonly to: number | undefined;
  /** The most that is known of it: a click is a press too. */
  readonly gesture: GestureName;
}

const RANK: readonly GestureName[] = ['release', 'press', 'click', 'long-press', 'double-click'];

/** The presses of a pin, oldest first, in whatever order they are heard of. */
export class Presses {
  readonly #list: Press[] = [];
  readonly #byNumber = new Map<number, Press>();
  /** What is not younger was dropped, and is not taken in again. */
  #floor = Number.NEGATIVE_INFINITY;

  get list(): readonly Press[] {
    return this.#list;
  }

  get floor(): number {
    return this.#floor;
  }

  /** When a press began that was not known before; undefined: it was, or is none. */
  hear(id: string, at: number, gesture: Gesture): number | undefined {
    const known = this.#byNumber.get(gesture.press);
    const from = gesture.name === 'press' || gesture.held === undefined ? at : at - gesture.held;
    if (known && this.#isSame(known, from, gesture)) {
      this.#learn(known, id, at, gesture);
      return undefined;
    }
    // Without its press and without `held`, nobody knows when it began.
    if (gesture.name !== 'press' && (gesture.name !== 'release' || gesture.held === undefined))
      return undefined;
    if (from <= this.#floor) return undefined;
    this.#add({
      n: gesture.press,
      id,
      from,
      to: gesture.name === 'release' ? at : undefined,
      gesture: gesture.name,
    });
    return from;
  }

  /** Drops what ended before then, and the oldest beyond the bound. */
  forget(before: number): void {
    const old = placeOf(this.#list, before, ({ from }) => from);
    const count = Math.max(old, this.#list.length - MOST_PRESSES);
    if (count <= 0) return;
    for (const press of this.#list.splice(0, count)) {
      this.#floor = press.from;
      if (this.#byNumber.get(press.n) === press) this.#byNumber.delete(press.n);
    }
  }

  after(at: number): Press | undefined {
    return this.#list[placeOf(this.#list, at, ({ from }) => from)];
  }

  /** Those that touch a stretch of time. One that began before it may reach into it: bars of one pin do not overlap. */
  within(from: number, to: number): readonly Press[] {
    const first = placeOf(this.#list, from, (press) => press.from);
    return this.#list.slice(
      Math.max(0, first - 1),
      placeOf(this.#list, to, (press) => press.from),
    );
  }

  /** In a new store numbers begin anew: the same number long before is another press. */
  #isSame(known: Press, from: number, { name, held }: Gesture): boolean {
    if (name === 'press') return Math.abs(known.from - from) < SAME_MS;
    if (held === undefined || known.to === undefined) return known.from <= from + SAME_MS;
    // Gestures that come later, as a double click does, are told at any time after it.
    return name === 'release' ? Math.abs(known.from - from) < SAME_MS : true;
  }

  #learn(known: Press, id: string, at: number, { name, held }: Gesture): void {
    const to = name === 'release' ? known.from + (held ?? Math.max(0, at - known.from)) : known.to;
    const gesture = RANK.indexOf(name) > RANK.indexOf(known.gesture) ? name : known.gesture;
    if (to === known.to && gesture === known.gesture) return;
    const better = { ...known, id: name === 'press' ? id : known.id, to, gesture };
    const place = this.#list.lastIndexOf(known);
    if (place >= 0) this.#list[place] = better;
    this.#byNumber.set(known.n, better);
  }

  #add(press: Press): void {
    insert(this.#list, press, ({ from }) => from);
    // What history tells late is not newer than what is known.
    const known = this.#byNumber.get(press.n);
    if (!known || known.from <= press.from) this.#byNumber.set(press.n, press);
    if (this.#list.length > MOST_PRESSES) this.forget(Number.NEGATIVE_INFINITY);
  }
}
