import { el } from './element.ts';
import { Hold, type SendHold } from './hold.ts';

/** A button of the mock: it is down as long as a finger, or a key, is. */
export class PinButton {
  readonly element: HTMLButtonElement;
  readonly #hold: Hold;

  constructor(name: string, send: SendHold) {
    this.element = el(
      'button',
      { type: 'button', class: 'press', 'aria-label': `Press ${name}`, 'aria-pressed': 'false' },
      'Press',
    );
    this.#hold = new Hold(send, (down) => {
      this.element.ariaPressed = String(down);
    });
    this.#followPointer();
    this.#followKeys();
    // What has neither a pointer nor a key, as a screen reader or a voice: a tap.
    this.element.addEventListener('click', (event) => {
      if (event.detail !== 0) return;
      this.#hold.press();
      this.#hold.letGo();
    });
    this.element.addEventListener('blur', () => this.letGo());
    // A finger that stays where it is asks many systems for a menu.
    this.element.addEventListener('contextmenu', (event) => event.preventDefault());
  }

  letGo(): void {
    this.#hold.letGo();
  }

  #followPointer(): void {
    const { element } = this;
    element.addEventListener('pointerdown', (event) => {
      if (event.button !== 0 || !event.isPrimary) return;
      // So that its end is heard wherever the finger has slid to.
      element.setPointerCapture(event.pointerId);
      this.#hold.press();
    });
    for (const end of ['pointerup', 'pointercancel', 'lostpointercapture'])
      element.addEventListener(end, () => this.letGo());
  }

  #followKeys(): void {
    this.element.addEventListener('keydown', (event) => {
      if (!isPressing(event)) return;
      event.preventDefault();
      if (!event.repeat) this.#hold.press();
    });
    this.element.addEventListener('keyup', (event) => {
      if (!isPressing(event)) return;
      // Else the browser makes a click of it.
      event.preventDefault();
      this.letGo();
    });
  }
}

function isPressing({ key, ctrlKey, altKey, metaKey }: KeyboardEvent): boolean {
  return (key === ' ' || key === 'Enter') && !ctrlKey && !altKey && !metaKey;
}
