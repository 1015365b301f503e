/** How many hours are counted, the present one included. */
export const HOURS = 24;
export const HOUR_MS = 3_600_000;

/** Presses in one hour of the clock. */
export interface Hour {
  readonly from: number;
  /** undefined: nothing is known of that hour. */
  readonly count: number | undefined;
  /** false: it is not over yet, or something of it is not known. */
  readonly whole: boolean;
}

/** Counted as they come, so that presses which are dropped later stay counted. */
export class Hours {
  readonly #counts = new Map<number, number>();

  add(at: number): void {
    const hour = hourOf(at);
    this.#counts.set(hour, (this.#counts.get(hour) ?? 0) + 1);
  }

  forget(before: number): void {
    for (const hour of this.#counts.keys()) if (hour + HOUR_MS <= before) this.#counts.delete(hour);
  }

  /** Oldest first. `missed`: stretches of which nobody knows what happened. */
  last(now: number, known: number, missed: readonly { from: number; to: number }[]): readonly Hour[] {
    const present = hourOf(now);
    return Array.from({ length: HOURS }, (_, i) => {
      const from = present - (HOURS - 1 - i) * HOUR_MS;
      const to = from + HOUR_MS;
      const count = this.#counts.get(from) ?? 0;
      const holed = missed.some((gap) => gap.from < to && gap.to > from);
      const whole = to <= now && known <= from && !holed;
      const lost = known >= to || missed.some((gap) => gap.from <= from && gap.to >= to);
      return { from, count: count === 0 && lost ? undefined : count, whole };
    });
  }
}

/** The beginning of an hour as the person's clock counts them: there are zones that are half an hour off. */
function hourOf(at: number): number {
  return new Date(at).setMinutes(0, 0, 0);
}
