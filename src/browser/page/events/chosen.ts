import { el, part } from '../element.ts';
import type { View } from '../view.ts';
import { hueOf } from './hue.ts';

/** The chosen channels above the list, each with a way to take it back: on a phone the list of channels is folded away. */
export class Chosen {
  readonly #list: HTMLElement;
  readonly #view: View;

  constructor(root: HTMLElement, view: View) {
    this.#list = part(root, 'chosen');
    this.#view = view;
    this.show();
  }

  show(): void {
    const { channels } = this.#view;
    this.#list.hidden = channels.length === 0;
    this.#list.replaceChildren(...channels.map((name) => this.#chip(name)));
    if (channels.length < 2) return;
    const all = el('button', { type: 'button', class: 'quiet small' }, 'All channels');
    all.addEventListener('click', () => this.#view.set({ channels: [] }));
    this.#list.append(el('li', {}, all));
  }

  #chip(name: string): HTMLElement {
    const remove = el('button', { type: 'button', class: 'chip', 'aria-label': `No longer only ${name}` });
    if (name.includes('*')) remove.classList.add('pattern');
    remove.append(
      el('span', { class: 'hue', 'data-hue': String(hueOf(name)), 'aria-hidden': 'true' }),
      el('span', { class: 'chip-name', dir: 'auto' }, name),
      el('span', { class: 'cross', 'aria-hidden': 'true' }),
    );
    remove.addEventListener('click', () => {
      this.#view.set({ channels: this.#view.channels.filter((other) => other !== name) });
      this.#list.querySelector('button')?.focus();
    });
    return el('li', {}, remove);
  }
}
