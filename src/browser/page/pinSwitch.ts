import { el } from './element.ts';

/** false: it was not done, and somebody was told why. */
export type SetOutput = (value: 0 | 1) => Promise<boolean>;

/** How long a switch stays where it was put although the device has not said so. */
const UNTIL_DOUBTED_MS = 2_000;

/** The switch of an output. It moves at once, and goes back if the output does not obey. */
export class PinSwitch {
  readonly element: HTMLButtonElement;
  readonly #set: SetOutput;
  #level: 0 | 1 | null = null;
  /** Where the switch was put, until the device has answered: then what it says counts. */
  #wanted: 0 | 1 | undefined;
  #sending = false;
  /** The device has said meanwhile that it is so. */
  #agreed = false;
  #doubt: ReturnType<typeof setTimeout> | undefined;

  constructor(name: string, set: SetOutput) {
    this.#set = set;
    this.element = el('button', { type: 'button', class: 'switch', role: 'switch', 'aria-label': name });
    this.element.addEventListener('click', () => void this.#toggle());
    this.#show();
  }

  /** What the device says. */
  hear(level: 0 | 1 | null): void {
    this.#level = level;
    this.#agreed ||= level === this.#wanted;
    if (!this.#sending) this.#believe();
    this.#show();
  }

  /** It can be reached with the keyboard all the same: who comes to it hears why it does nothing. */
  enable(works: boolean, reason: string): void {
    this.element.ariaDisabled = String(!works);
    if (works) this.element.removeAttribute('aria-describedby');
    else this.element.setAttribute('aria-describedby', reason);
  }

  async #toggle(): Promise<void> {
    if (this.element.ariaDisabled === 'true') return;
    // The doubt of the last tap says nothing about this one.
    clearTimeout(this.#doubt);
    this.#wanted = this.#isOn ? 0 : 1;
    this.#agreed = false;
    this.#show();
    // One request at a time, or a later one could overtake it. The last position is what is sent.
    if (!this.#sending) await this.#send();
  }

  async #send(): Promise<void> {
    this.#sending = true;
    let sent: 0 | 1 | undefined;
    while (this.#wanted !== undefined && this.#wanted !== sent) {
      sent = this.#wanted;
      if (!(await this.#set(sent))) this.#believe();
    }
    this.#sending = false;
    if (this.#agreed) this.#believe();
    else this.#doubt = setTimeout(() => this.#believe(), UNTIL_DOUBTED_MS);
  }

  /** The switch stands where the device says. */
  #believe(): void {
    clearTimeout(this.#doubt);
    this.#wanted = undefined;
    this.#show();
  }

  get #isOn(): boolean {
    return (this.#wanted ?? this.#level) === 1;
  }

  #show(): void {
    this.element.ariaChecked = String(this.#isOn);
  }
}
