import type { Entry } from './entries.ts';

/** The rows on the page. Those that stay are not touched, so that nothing jumps, loses its focus or is built twice. */
export class List {
  readonly #rows: HTMLElement;
  readonly #shown = new Map<string, HTMLElement>();
  /** Its beginning has been scrolled out of sight. */
  #isPast = false;

  /**
   * `top`: an element just above the rows. `attention`: somebody may have begun or ended to read. `returned`: they have scrolled
   * back to the newest rows.
   */
  constructor(rows: HTMLElement, top: HTMLElement, attention: () => void, returned: () => void) {
    this.#rows = rows;
    new IntersectionObserver(([...seen]) => {
      const last = seen.at(-1) as IntersectionObserverEntry;
      const wasPast = this.#isPast;
      this.#isPast = !last.isIntersecting && last.boundingClientRect.top < (last.rootBounds?.top ?? 0);
      if (wasPast && !this.#isPast) returned();
      attention();
    }).observe(top);
    for (const type of ['click', 'focusin', 'focusout']) {
      // After what it does has been done.
      rows.addEventListener(type, () => queueMicrotask(attention));
    }
    document.addEventListener('selectionchange', attention);
  }

  /** Somebody has scrolled down, opened a row, marked a text or gone into the list with the keyboard. */
  get isRead(): boolean {
    if (this.#isPast) return true;
    if (this.#rows.querySelector('[aria-expanded="true"], :focus-visible')) return true;
    const selection = document.getSelection();
    return selection !== null && !selection.isCollapsed && this.#rows.contains(selection.anchorNode);
  }

  get isEmpty(): boolean {
    return this.#shown.size === 0;
  }

  /** Newest first. Answers the rows that are new. */
  draw(entries: readonly Entry[], build: (entry: Entry) => HTMLElement): HTMLElement[] {
    const wanted = new Set(entries.map(({ id }) => id));
    for (const [id, row] of this.#shown) {
      if (wanted.has(id)) continue;
      row.remove();
      this.#shown.delete(id);
    }
    const built: HTMLElement[] = [];
    let next = this.#rows.firstElementChild;
    for (const entry of entries) {
      const row = this.#shown.get(entry.id);
      if (row && row === next) {
        next = next.nextElementSibling;
        continue;
      }
      const added = row ?? build(entry);
      if (!row) built.push(added);
      this.#shown.set(entry.id, added);
      this.#rows.insertBefore(added, next);
    }
    return built;
  }

  /** All are built anew the next time: what they look like has changed. */
  clear(): void {
    this.#rows.replaceChildren();
    this.#shown.clear();
  }

  /** The page is scrolled back to the newest rows: nobody need wait until that is seen. */
  atTop(): void {
    this.#isPast = false;
  }
}
