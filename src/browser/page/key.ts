import { part } from './element.ts';

const STORED_AS = 'pinstream.key';

/** The publish key: asked for when it is needed, and remembered in this browser. */
export class Key {
  readonly #dialog: HTMLDialogElement;
  readonly #form: HTMLFormElement;
  readonly #listeners: ((known: boolean) => void)[] = [];
  /** Where the browser doesn't let a page store anything, it is known until the page is left. */
  #value: string;

  constructor(dialog: HTMLDialogElement) {
    this.#dialog = dialog;
    this.#form = dialog.querySelector('form') as HTMLFormElement;
    this.#value = stored(() => localStorage.getItem(STORED_AS)) ?? '';
    part(dialog, 'cancel').addEventListener('click', () => dialog.close());
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      if (this.#input.value.trim() !== '') dialog.close(this.#input.value.trim());
    });
  }

  get value(): string {
    return this.#value;
  }

  /** Asks for it, and says what was wrong with the last one; false when that was declined. */
  async ask(wrong: string): Promise<boolean> {
    const said = part(this.#dialog, 'wrong');
    said.textContent = wrong;
    said.hidden = wrong === '';
    this.#input.value = '';
    this.#dialog.returnValue = '';
    if (!this.#dialog.open) this.#dialog.showModal();
    await new Promise((closed) => this.#dialog.addEventListener('close', closed, { once: true }));
    if (this.#dialog.returnValue === '') return false;
    this.#remember(this.#dialog.returnValue);
    return true;
  }

  forget(): void {
    this.#remember('');
  }

  /** Calls now and at each change. */
  watch(listener: (known: boolean) => void): void {
    this.#listeners.push(listener);
    listener(this.#value !== '');
  }

  #remember(value: string): void {
    this.#value = value;
    stored(() => (value ? localStorage.setItem(STORED_AS, value) : localStorage.removeItem(STORED_AS)));
    for (const listener of this.#listeners) listener(value !== '');
  }

  get #input(): HTMLInputElement {
    return this.#form.elements.namedItem('key') as HTMLInputElement;
  }
}

function stored<T>(access: () => T): T | undefined {
  try {
    return access();
  } catch {
    return undefined;
  }
}
