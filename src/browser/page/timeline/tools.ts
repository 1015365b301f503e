import { part } from '../element.ts';
import { spanOf, wordOf } from './spans.ts';
import type { Stretch } from './stretch.ts';

/** What of the view concerns the timeline. */
export interface SpanView {
  readonly span: string | undefined;
  set(change: { readonly span: string }): void;
  watch(listener: (changed: ReadonlySet<string>) => void): () => void;
}

/** The spans to choose from, nearer and farther, and the way back to the present. */
export class Tools {
  readonly #stretch: Stretch;
  readonly #radios: readonly HTMLInputElement[];
  readonly #now: HTMLButtonElement;

  constructor(root: HTMLElement, stretch: Stretch, view: SpanView, now: () => number, changed: () => void) {
    this.#stretch = stretch;
    this.#radios = [...part(root, 'spans').querySelectorAll('input')];
    this.#now = part(root, 'now');
    for (const radio of this.#radios) {
      radio.addEventListener('change', () => {
        stretch.setSpan(spanOf(radio.value), now());
        view.set({ span: radio.value });
        changed();
      });
    }
    view.watch((aspects) => {
      if (!aspects.has('span')) return;
      stretch.setSpan(spanOf(view.span), now());
      changed();
    });
    for (const [name, factor] of [
      ['closer', 0.5],
      ['wider', 2],
    ] as const) {
      part(root, name).addEventListener('click', () => {
        stretch.zoom(factor, now());
        changed();
      });
    }
    this.#now.addEventListener('click', () => {
      stretch.follow();
      changed();
    });
  }

  show(): void {
    const word = wordOf(this.#stretch.span);
    for (const radio of this.#radios) radio.checked = radio.value === word;
    // It keeps its place and the focus: only what it says changes.
    this.#now.ariaDisabled = String(this.#stretch.isFollowing);
  }
}
