const MOST_GAPS = 50;

/** Between these events were lost, or may have been. */
export interface Break {
  readonly from: number;
  readonly to: number;
}

/**
 * Where events of a pin are missing: from the last one that was known to the first one after it. When none has come
 * yet, it reaches to the moment in which it was told: what happens later is heard.
 */
export class Gaps {
  readonly #list: { from: number; to: number; whole: boolean }[] = [];

  get list(): readonly Break[] {
    return this.#list;
  }

  /** `whole`: the store is a new one, so that any event of it is the first one after the gap. */
  add(from: number, now: number, whole = false): void {
    this.#list.push({ from, to: Math.max(from, now), whole });
    if (this.#list.length > MOST_GAPS) this.#list.shift();
  }

  /** An event that happened then has come after all these were told; `own`: on the channel of this pin. */
  hear(at: number, own: boolean): void {
    for (const gap of this.#list) if ((own || gap.whole) && at > gap.from && at < gap.to) gap.to = at;
  }

  forget(before: number): void {
    while (this.#list[0] && this.#list[0].to <= before) this.#list.shift();
  }
}
