import { part } from '../element.ts';
import type { Layout } from './layout.ts';

const SPACE = 8;

/** The words for what is pointed at, beside it. Who comes there with the keyboard hears them too. */
export class Tip {
  readonly #frame: HTMLElement;
  readonly #tip: HTMLElement;
  readonly #said: HTMLElement;

  constructor(root: HTMLElement) {
    this.#frame = part(root, 'frame');
    this.#tip = part(root, 'tip');
    this.#said = part(root, 'said');
  }

  say(words: string): void {
    this.#said.textContent = words;
  }

  hide(): void {
    this.#tip.hidden = true;
  }

  /** `x`: in CSS pixels; `lane`: which lane from above; `scrolled`: how far these are. */
  show(name: string, words: string, x: number, lane: number, { laneHeight }: Layout, scrolled: number): void {
    const title = document.createElement('b');
    title.dir = 'auto';
    title.textContent = name;
    if (this.#tip.textContent !== `${name}${words}`) this.#tip.replaceChildren(title, words);
    this.#tip.hidden = false;
    const room = this.#frame.clientWidth - this.#tip.offsetWidth;
    const left = Math.max(0, Math.min(room, x - this.#tip.offsetWidth / 2));
    const top = lane * laneHeight - scrolled - this.#tip.offsetHeight - 2;
    // Above the lane, or below it when it is the first one and the tip would cover the controls.
    const below = (lane + 1) * laneHeight - scrolled + SPACE / 2;
    this.#tip.style.translate = `${Math.round(left)}px ${Math.round(top < -SPACE ? below : top)}px`;
  }
}
