import { part } from './element.ts';
import { knownKey, rememberKey, watchKey } from './knownKey.ts';

export type Purpose = 'publish' | 'read';

const TITLES: Record<Purpose, string> = {
  publish: 'Publishing needs the key',
  read: 'Reading needs a key',
};

/** The key: asked for when it is needed, and remembered in this browser. */
export class Key {
  readonly #dialog: HTMLDialogElement;
  readonly #form: HTMLFormElement;

  constructor(dialog: HTMLDialogElement) {
    this.#dialog = dialog;
    this.#form = dialog.querySelector('form') as HTMLFormElement;
    part(dialog, 'cancel').addEventListener('click', () => dialog.close());
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.#input.value.trim() !== '') dialog.close(this.#input.value.trim());
    });
  }

  get value(): string {
    return knownKey();
  }

  /** Asks for it, and says what was wrong with the last one; false when that was declined. */
  async ask(wrong: string, purpose: Purpose = 'publish'): Promise<boolean> {
    const said = part(this.#dialog, 'wrong');
    said.textContent = wrong;
    said.hidden = wrong === '';
    part(this.#dialog, 'title').textContent = TITLES[purpose];
    for (const one of ['publish', 'read'] as const) part(this.#dialog, one).hidden = one !== purpose;
    this.#input.value = '';
    this.#dialog.returnValue = '';
    if (!this.#dialog.open) this.#dialog.showModal();
    await new Promise((closed) => this.#dialog.addEventListener('close', closed, { once: true }));
    if (this.#dialog.returnValue === '') return false;
    rememberKey(this.#dialog.returnValue);
    return true;
  }

  forget(): void {
    rememberKey('');
  }

  /** Calls now and at each change. */
  watch(listener: (known: boolean) => void): void {
    watchKey((key) => listener(key !== ''));
    listener(this.value !== '');
  }

  get #input(): HTMLInputElement {
    return this.#form.elements.namedItem('key') as HTMLInputElement;
  }
}
