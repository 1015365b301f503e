/** Lets so many go on in one turn of the event loop; the others follow in the next turns. */
export class Turns {
  readonly #inOne: number;
  readonly #waiting: (() => void)[] = [];
  #going = false;

  constructor(inOne: number) {
    this.#inOne = inOne;
  }

  next(): Promise<void> {
    return new Promise((done) => {
      this.#waiting.push(done);
      if (this.#going) return;
      this.#going = true;
      setImmediate(() => this.#turn());
    });
  }

  #turn(): void {
    for (const done of this.#waiting.splice(0, this.#inOne)) done();
    this.#going = this.#waiting.length > 0;
    if (this.#going) setImmediate(() => this.#turn());
  }
}
