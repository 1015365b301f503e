/**
 * Some who have something in common, each once, in the order in which they came. Mostly that is one alone, for whom a Set
 * would take three times the memory. Whoever leaves while they are gone through is left out from there on, and nobody else.
 */
export class Gathering<T> {
  #alone: T | undefined;
  #all: Set<T> | undefined;

  constructor(first?: T) {
    this.#alone = first;
  }

  get size(): number {
    return this.#all?.size ?? (this.#alone === undefined ? 0 : 1);
  }

  add(one: T): void {
    if (this.#all) this.#all.add(one);
    else if (this.#alone === undefined) this.#alone = one;
    else {
      this.#all = new Set([this.#alone, one]);
      this.#alone = undefined;
    }
  }

  /** Whether it was here. */
  delete(one: T): boolean {
    if (this.#all) return this.#all.delete(one);
    if (this.#alone === undefined || this.#alone !== one) return false;
    this.#alone = undefined;
    return true;
  }

  [Symbol.iterator](): Iterator<T> {
    if (this.#all) return this.#all.values();
    return (this.#alone === undefined ? [] : [this.#alone]).values();
  }
}
