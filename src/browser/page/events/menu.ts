/** A `details` that behaves as a menu: it closes when somebody goes elsewhere, and with Escape. */
export class Menu {
  readonly #root: HTMLDetailsElement;

  constructor(root: HTMLDetailsElement) {
    this.#root = root;
    root.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape' || !root.open) return;
      event.stopPropagation();
      this.close();
      root.querySelector('summary')?.focus();
    });
    root.addEventListener('focusout', ({ relatedTarget }) => {
      if (relatedTarget instanceof Node && !root.contains(relatedTarget)) this.close();
    });
    document.addEventListener('pointerdown', ({ target }) => {
      if (target instanceof Node && !root.contains(target)) this.close();
    });
  }

  close(): void {
    this.#root.open = false;
  }
}
