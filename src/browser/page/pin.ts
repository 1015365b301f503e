import type { WireDevice, WirePin } from '../wire.ts';
import { el } from './element.ts';

/** One pin, its level now, and in the mock its button. */
export class PinRow {
  readonly element: HTMLLIElement;
  readonly #wiring = el('span', { class: 'wiring' });
  readonly #level = el('span', { class: 'level' });
  readonly #problem = el('p', { class: 'problem' });
  readonly #button: HTMLButtonElement;

  constructor(name: string, press: () => void) {
    this.#button = el('button', { type: 'button', class: 'press', 'aria-label': `Press ${name}` }, 'Press');
    this.#button.addEventListener('click', press);
    this.element = el(
      'li',
      { class: 'pin' },
      el('span', { class: 'lamp', 'aria-hidden': 'true' }),
      el('span', { class: 'pin-name', dir: 'auto' }, name),
      el('span', { class: 'pin-facts' }, this.#level, this.#wiring),
      this.#button,
      this.#problem,
    );
  }

  show(pin: WirePin, device: WireDevice['state'], canPress: boolean): void {
    const level = levelOf(pin, device);
    this.element.dataset.level = level;
    this.#level.textContent = level;
    this.#wiring.textContent = `GPIO ${pin.gpio} ${pin.direction}`;
    this.#problem.textContent = pin.problem ?? '';
    this.#problem.hidden = pin.problem === undefined;
    this.#button.hidden = !canPress || pin.direction !== 'in' || level === 'failing';
  }
}

export type Level = 'pressed' | 'released' | 'on' | 'off' | 'failing' | 'unknown';

/** The level in words. */
export function levelOf({ direction, level, problem }: WirePin, device: WireDevice['state']): Level {
  if (problem !== undefined) return 'failing';
  if (level === null || device === 'offline') return 'unknown';
  if (direction === 'in') return level ? 'pressed' : 'released';
  return level ? 'on' : 'off';
}
