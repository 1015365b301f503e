/** What there are too many of. */
export type Full = 'streams' | 'address';

/** How many streams may be open, in all and for one address. */
export class Admission {
  readonly #most: number;
  readonly #mostOfOne: number;
  readonly #ofAddress = new Map<string, number>();
  #all = 0;

  constructor(most: number, mostOfOne: number) {
    this.#most = most;
    this.#mostOfOne = mostOfOne;
  }

  get all(): number {
    return this.#all;
  }

  /** Why there is no place for another one, or undefined. */
  full(address: string): Full | undefined {
    if (this.#all >= this.#most) return 'streams';
    return (this.#ofAddress.get(address) ?? 0) >= this.#mostOfOne ? 'address' : undefined;
  }

  enter(address: string): void {
    this.#all++;
    this.#ofAddress.set(address, (this.#ofAddress.get(address) ?? 0) + 1);
  }

  leave(address: string): void {
    this.#all--;
    const left = (this.#ofAddress.get(address) ?? 1) - 1;
    if (left === 0) this.#ofAddress.delete(address);
    else this.#ofAddress.set(address, left);
  }
}
