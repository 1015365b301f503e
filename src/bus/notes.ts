/** Things remembered for a while. All for equally long, so that the oldest are found at the beginning. */
export class Notes<Thing> {
  readonly #lasting: number;
  readonly #notes = new Map<string, { readonly thing: Thing; readonly until: number }>();

  constructor(seconds: number) {
    this.#lasting = seconds * 1000;
  }

  get(id: string, now: number): Thing | undefined {
    const note = this.#notes.get(id);
    return note && note.until > now ? note.thing : undefined;
  }

  set(id: string, thing: Thing, now: number): void {
    this.#notes.delete(id);
    this.#notes.set(id, { thing, until: now + this.#lasting });
    for (const [old, { until }] of this.#notes) {
      if (until > now) return;
      this.#notes.delete(old);
    }
  }
}
