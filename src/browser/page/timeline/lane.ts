import type { WireDevice, WirePin } from '../../wire.ts';
import { type Break, Gaps } from './gaps.ts';
import type { Gesture } from './gesture.ts';
import { HOUR_MS, type Hour, Hours } from './hours.ts';
import { type Level, Levels, type Step } from './levels.ts';
import { type Press, Presses } from './presses.ts';

export const DAY_MS = 24 * HOUR_MS;

/** A stretch of a lane. */
export interface Bar {
  readonly from: number;
  /** undefined: it goes on. */
  readonly to: number | undefined;
}

/** What is known of one pin over the last day. */
export class Lane {
  readonly name: string;
  direction: 'in' | 'out';
  readonly #presses = new Presses();
  readonly #levels = new Levels();
  readonly #gaps = new Gaps();
  readonly #hours = new Hours();
  /** From here on all is known that the gaps do not break. */
  #known: number;
  #lastEvent: number | undefined;

  constructor({ name, direction }: Pick<WirePin, 'name' | 'direction'>, now: number) {
    this.name = name;
    this.direction = direction;
    this.#known = now;
  }

  get known(): number {
    return this.#known;
  }

  /** The same for single marks: of a pin that is pressed all the time, the oldest were dropped. */
  get marked(): number {
    return Math.max(this.#known, this.#presses.floor);
  }

  /** The first press of all is known: there was none before it. */
  get isWhole(): boolean {
    return this.#presses.list.length === 0 || this.#presses.list[0]?.n === 1;
  }

  get gaps(): readonly Break[] {
    return this.#gaps.list;
  }

  get newest(): Press | undefined {
    return this.#presses.list.at(-1);
  }

  /** How it is at last. */
  get level(): Step | undefined {
    return this.#levels.last;
  }

  get size(): number {
    return this.#presses.list.length;
  }

  hearGesture(id: string, at: number, gesture: Gesture): void {
    const began = this.#presses.hear(id, at, gesture);
    if (began !== undefined) this.#hours.add(began);
    this.#lastEvent = Math.max(this.#lastEvent ?? at, at);
    this.knowFrom(at);
    this.#gaps.hear(at, true);
  }

  hearState(at: number, { state, pins }: WireDevice): void {
    const pin = pins.find(({ name }) => name === this.name);
    if (!pin) return;
    const watched = state !== 'offline';
    this.#levels.hear({
      at,
      level: watched ? pin.level : null,
      blink: watched && pin.level === 1 ? pin.blink : undefined,
      watched,
    });
    if (this.direction === 'out') {
      this.knowFrom(at);
      this.#lastEvent = Math.max(this.#lastEvent ?? at, at);
      this.#gaps.hear(at, true);
    }
  }

  /** All that happened since then is here. */
  knowFrom(at: number): void {
    this.#known = Math.min(this.#known, at);
  }

  /** Something happened on another channel. */
  hearOther(at: number): void {
    this.#gaps.hear(at, false);
  }

  /** Events are missing. */
  break(now: number): void {
    this.#gaps.add(this.#lastEvent ?? this.#known, now);
  }

  /** The store is a new one: what the old one had after the newest event that was heard of any pin, nobody knows. */
  restart(from: number | undefined, now: number): void {
    this.#gaps.add(from ?? this.#known, now, true);
  }

  forget(before: number): void {
    this.#presses.forget(before);
    this.#levels.forget(before);
    this.#gaps.forget(before);
    this.#hours.forget(before);
    this.#known = Math.max(this.#known, before);
  }

  presses(from: number, to: number): readonly Press[] {
    return this.#presses.within(from, to);
  }

  levels(from: number, to: number): readonly Level[] {
    return this.#levels.within(from, to);
  }

  hours(now: number): readonly Hour[] {
    const blind = this.levels(now - DAY_MS - HOUR_MS, now).filter(({ watched }) => !watched);
    const missed = [...this.gaps, ...blind.map(({ at, to }) => ({ from: at, to: to ?? now }))];
    return this.#hours.last(now, this.#known, missed);
  }

  /** When a press ended. One whose release was lost does not go on for ever. */
  endOf(press: Press): number | undefined {
    if (press.to !== undefined) return press.to;
    const next = this.#presses.after(press.from)?.from;
    const last = this.#levels.last;
    const told = last && last.at > press.from && last.level !== 1 ? last.at : undefined;
    const broken = this.gaps.find(({ from }) => from >= press.from)?.from;
    const ends = [next, told, broken].filter((end) => end !== undefined);
    return ends.length > 0 ? Math.min(...ends) : undefined;
  }

  /** What one steps through: presses, and of an output when it was on. Oldest first. */
  marks(from: number, to: number): readonly (Press | Level)[] {
    const lit = this.levels(from, to).filter(({ level }) => level === 1);
    return this.direction === 'out' ? lit : this.presses(from, to);
  }
}
