/** One thing that was heard: under a key that nothing else has, and when. */
export interface Entry {
  readonly key: string;
  readonly text: string;
  /** Milliseconds since 1970. */
  readonly time: number;
}

/** What was to be heard, in this order. */
export type Expected = readonly (readonly [key: string, text: string])[];

export interface Verdict {
  readonly lost: number;
  readonly doubled: number;
  readonly misordered: number;
  /** Heard with another text than was kept, or never kept at all. */
  readonly wrong: number;
}

/** What one listener has heard, held against what was kept, part by part. */
export class Ledger {
  readonly #seen = new Set<string>();
  /** What came since the last verdict. */
  #entries: Entry[] = [];

  add(entry: Entry): void {
    this.#entries.push(entry);
  }

  /** The first one since the last verdict of which this is so. */
  first(met: (entry: Entry) => boolean): Entry | undefined {
    return this.#entries.find(met);
  }

  has(key: string): boolean {
    return this.#seen.has(key) || this.#entries.some((entry) => entry.key === key);
  }

  /** Judges up to the last one that was to be heard; what came after it is for the next time. */
  judge(expected: Expected): Verdict {
    const end = this.#entries.findLastIndex(({ key }) => key === expected.at(-1)?.[0]) + 1;
    const entries = this.#entries.splice(0, end === 0 ? this.#entries.length : end);
    const places = new Map(expected.map(([key, text], place) => [key, { text, place }]));
    const verdict = { lost: 0, doubled: 0, misordered: 0, wrong: 0 };
    let last = -1;
    for (const { key, text } of entries) {
      const due = places.get(key);
      if (this.#seen.has(key)) verdict.doubled++;
      else if (due?.text !== text) verdict.wrong++;
      else if (due.place < last) verdict.misordered++;
      else last = due.place;
      this.#seen.add(key);
    }
    for (const key of places.keys()) if (!this.#seen.has(key)) verdict.lost++;
    return verdict;
  }
}
