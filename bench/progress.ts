/** How long it will still take: by what such steps have taken so far, and where there was none yet by a guess. */
export class Progress {
  readonly #guesses: readonly { readonly key: string; readonly seconds: number }[];
  readonly #seen = new Map<string, number>();
  #done = 0;
  #guessed = 0;
  #taken = 0;

  constructor(steps: readonly { readonly key: string; readonly seconds: number }[]) {
    this.#guesses = steps;
  }

  /** The next step is over. */
  step(seconds: number): void {
    const step = this.#guesses[this.#done++];
    if (!step) return;
    this.#seen.set(step.key, seconds);
    this.#guessed += step.seconds;
    this.#taken += seconds;
  }

  get secondsLeft(): number {
    // Guesses are all wrong by about the same: by how fast this machine is.
    const factor = this.#guessed === 0 ? 1 : this.#taken / this.#guessed;
    return this.#guesses
      .slice(this.#done)
      .reduce((total, { key, seconds }) => total + (this.#seen.get(key) ?? seconds * factor), 0);
  }

  get text(): string {
    const left = this.secondsLeft;
    return left < 90 ? `${Math.ceil(left)} s left` : `${Math.round(left / 60)} min left`;
  }

  get place(): string {
    return `${this.#done + 1} of ${this.#guesses.length}`;
  }
}
