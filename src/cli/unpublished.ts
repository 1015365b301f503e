/** Stretches that are told one by one; of more, only how many lines they were. */
const MOST_TOLD = 10;

/**
 * Which of many lines were not published, in a few sentences, however many they are: one when a stretch of such lines begins,
 * with the reason, and one when it is over.
 */
export class Unpublished {
  readonly #say: (sentence: string) => void;
  #count = 0;
  #stretches = 0;
  #first: number | undefined;
  #last = 0;

  constructor(say: (sentence: string) => void) {
    this.#say = say;
  }

  get count(): number {
    return this.#count;
  }

  failed(line: number, problem: string): void {
    this.#count++;
    this.#last = line;
    if (this.#first !== undefined) return;
    this.#first = line;
    this.#stretches++;
    if (this.#stretches <= MOST_TOLD) this.#say(`Line ${line}: ${problem}`);
    else if (this.#stretches === MOST_TOLD + 1) this.#say('Further lines that fail are only counted.');
  }

  published(line: number): void {
    if (this.#first === undefined) return;
    if (this.#stretches <= MOST_TOLD) this.#say(`${this.#stretch()} Going on with line ${line}.`);
    this.#first = undefined;
  }

  /** Nothing comes any more, after so many lines. */
  end(lines: number): void {
    if (this.#count === 0) return;
    if (this.#first !== undefined && this.#stretches <= MOST_TOLD) this.#say(this.#stretch());
    this.#say(`${this.#count} of ${lines} lines were not published.`);
  }

  #stretch(): string {
    return this.#first === this.#last
      ? `Line ${this.#last} was not published.`
      : `Lines ${this.#first} to ${this.#last} were not published.`;
  }
}
