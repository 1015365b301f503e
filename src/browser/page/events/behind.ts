import { part } from '../element.ts';

/** What came while the list stood still: how much, and the way to it. */
export class Behind {
  readonly #pause: HTMLElement;
  readonly #new: HTMLElement;
  readonly #forgotten: HTMLElement;

  constructor(root: HTMLElement) {
    this.#pause = part(root, 'pause');
    this.#new = part(root, 'new');
    this.#forgotten = part(root, 'forgotten');
  }

  show({ came, forgotten }: { came: number; forgotten: number }, isPaused: boolean): void {
    const words = came > 0 ? `Resume (${figure(came)} new)` : 'Resume';
    write(this.#pause, isPaused ? words : 'Pause');
    this.#new.hidden = isPaused || came === 0;
    write(this.#new, `${figure(came)} new`);
    const lost =
      forgotten > 0
        ? `${figure(forgotten)} of the new events are more than this page remembers. The log has them: a search or the download finds them.`
        : '';
    write(this.#forgotten, lost);
    this.#forgotten.hidden = lost === '';
  }
}

/** Only what has changed is written: writing costs, and some of it is read out. */
export function write(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function figure(count: number): string {
  return count.toLocaleString('en');
}
