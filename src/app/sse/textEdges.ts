/** What is filed under texts, and found by another text that begins or ends with them: one look for each length in use. */
export class TextEdges<T> {
  readonly #byText = new Map<string, T>();
  /** How many texts have a length. */
  readonly #lengths = new Map<number, number>();

  get size(): number {
    return this.#byText.size;
  }

  get(text: string): T | undefined {
    return this.#byText.get(text);
  }

  set(text: string, filed: T): void {
    if (!this.#byText.has(text)) this.#lengths.set(text.length, (this.#lengths.get(text.length) ?? 0) + 1);
    this.#byText.set(text, filed);
  }

  delete(text: string): void {
    if (!this.#byText.delete(text)) return;
    const left = (this.#lengths.get(text.length) ?? 1) - 1;
    if (left === 0) this.#lengths.delete(text.length);
    else this.#lengths.set(text.length, left);
  }

  /** All under which this text begins. */
  beginning(text: string): T[] {
    return this.#under(text, (length) => text.slice(0, length));
  }

  /** All under which this text ends. */
  ending(text: string): T[] {
    return this.#under(text, (length) => text.slice(text.length - length));
  }

  #under(text: string, edge: (length: number) => string): T[] {
    const found: T[] = [];
    for (const length of this.#lengths.keys()) {
      const filed = length <= text.length ? this.#byText.get(edge(length)) : undefined;
      if (filed !== undefined) found.push(filed);
    }
    return found;
  }
}
