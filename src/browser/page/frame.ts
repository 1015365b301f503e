/** Draws at most once for each frame of the screen, and not at all while the page is hidden: then when it is seen again. */
export class Frame {
  readonly #draw: () => void;
  #asked = false;

  constructor(draw: () => void) {
    this.#draw = draw;
  }

  ask(): void {
    if (this.#asked) return;
    this.#asked = true;
    requestAnimationFrame(() => {
      this.#asked = false;
      this.#draw();
    });
  }
}
