import { DAY_MS } from './lane.ts';

const SHORTEST_MS = 5_000;

/** The stretch of time that is shown: it follows the present, or stays where somebody has moved it. */
export class Stretch {
  #span: number;
  #end: number | undefined;

  constructor(span: number) {
    this.#span = bounded(span);
  }

  get span(): number {
    return this.#span;
  }

  get isFollowing(): boolean {
    return this.#end === undefined;
  }

  from(now: number): number {
    return this.to(now) - this.#span;
  }

  to(now: number): number {
    return this.#end ?? now;
  }

  follow(): void {
    this.#end = undefined;
  }

  /** With the same end. */
  setSpan(span: number, now: number): void {
    const end = this.to(now);
    this.#span = bounded(span);
    if (this.#end !== undefined) this.#moveTo(end, now);
  }

  /** By this factor; the time under the finger stays under it. Without one: the right edge, or the middle of the past. */
  zoom(factor: number, now: number, at?: number): void {
    const to = this.to(now);
    const held = at ?? (this.isFollowing ? to : to - this.#span / 2);
    const share = (to - held) / this.#span;
    this.#span = bounded(this.#span * factor);
    if (share !== 0) this.#moveTo(held + share * this.#span, now);
  }

  /** Milliseconds; negative: into the past. */
  pan(by: number, now: number): void {
    this.#moveTo(this.to(now) + by, now);
  }

  /** Brings what happened then into sight, not at the very edge. */
  show(at: number, now: number): void {
    const margin = this.#span * 0.05;
    const to = this.to(now);
    if (at < to - this.#span + margin) this.#moveTo(at - margin + this.#span, now);
    else if (at > to - (this.isFollowing ? 0 : margin)) this.#moveTo(at + margin, now);
  }

  /** There is no future, and nothing is kept beyond a day. */
  #moveTo(end: number, now: number): void {
    const earliest = now - DAY_MS + this.#span;
    this.#end = end >= now || earliest >= now ? undefined : Math.max(end, earliest);
  }
}

function bounded(span: number): number {
  return Math.min(DAY_MS, Math.max(SHORTEST_MS, span));
}
