import type { WireDevice, WirePin } from '../wire.ts';
import { el } from './element.ts';

/** What somebody can do to a pin. */
export interface PinActions {
  press(): void;
  /** false: it was not done, and somebody was told why. */
  set(value: 0 | 1): Promise<boolean>;
}

/** How long a switch stays where it was put although the device has not said so. */
const UNTIL_DOUBTED_MS = 2_000;

let rows = 0;

/** One pin, its level now, and what can be done to it: an output is switched, a button of the mock pressed. */
export class PinRow {
  readonly element: HTMLLIElement;
  readonly #wiring = el('span', { class: 'wiring' });
  readonly #level = el('span', { class: 'level' });
  readonly #problem = el('p', { class: 'problem', id: `pin-problem-${++rows}` });
  readonly #button: HTMLButtonElement;
  readonly #switch: HTMLButtonElement;
  readonly #set: PinActions['set'];
  #pin: WirePin | undefined;
  /** Where the switch was put, until the device has answered: then what it says counts. */
  #wanted: 0 | 1 | undefined;
  #sending = false;
  /** The device has said meanwhile that it is so. */
  #agreed = false;
  #doubt: number | undefined;

  constructor(name: string, { press, set }: PinActions) {
    this.#set = set;
    this.#button = el('button', { type: 'button', class: 'press', 'aria-label': `Press ${name}` }, 'Press');
    this.#button.addEventListener('click', press);
    this.#switch = el('button', { type: 'button', class: 'switch', role: 'switch', 'aria-label': name });
    this.#switch.addEventListener('click', () => void this.#toggle());
    this.element = el(
      'li',
      { class: 'pin' },
      el('span', { class: 'lamp', 'aria-hidden': 'true' }),
      el('span', { class: 'pin-name', dir: 'auto' }, name),
      el('span', { class: 'pin-facts' }, this.#level, this.#wiring),
      this.#button,
      this.#switch,
      this.#problem,
    );
  }

  /** `notice`: the id of what says why the whole device is not to be had. */
  show(pin: WirePin, { state, driver }: WireDevice, notice: string): void {
    const level = levelOf(pin, state);
    this.#pin = pin;
    this.element.dataset.level = level;
    this.#level.textContent = level;
    this.#wiring.textContent = `GPIO ${pin.gpio} ${pin.direction}`;
    this.#problem.textContent = pin.problem ?? '';
    this.#problem.hidden = pin.problem === undefined;
    const isMock = driver === 'mock' && state !== 'offline';
    this.#button.hidden = !isMock || pin.direction !== 'in' || level === 'failing';
    this.#switch.hidden = pin.direction !== 'out';
    this.#enable(level !== 'failing' && level !== 'unknown', pin.problem ? this.#problem.id : notice);
    this.#agreed ||= pin.level === this.#wanted;
    if (!this.#sending) this.#believe();
    this.#showSwitch();
  }

  /** It can be reached with the keyboard all the same: who comes to it hears why it does nothing. */
  #enable(works: boolean, reason: string): void {
    this.#switch.ariaDisabled = String(!works);
    if (works) this.#switch.removeAttribute('aria-describedby');
    else this.#switch.setAttribute('aria-describedby', reason);
  }

  async #toggle(): Promise<void> {
    if (this.#switch.ariaDisabled === 'true') return;
    this.#wanted = this.#isOn ? 0 : 1;
    this.#agreed = false;
    this.#showSwitch();
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
    clearTimeout(this.#doubt);
    this.#doubt = setTimeout(() => this.#believe(), UNTIL_DOUBTED_MS);
    this.#showSwitch();
  }

  /** The switch stands where the device says. */
  #believe(): void {
    clearTimeout(this.#doubt);
    this.#wanted = undefined;
    this.#showSwitch();
  }

  get #isOn(): boolean {
    return (this.#wanted ?? this.#pin?.level) === 1;
  }

  #showSwitch(): void {
    this.#switch.ariaChecked = String(this.#isOn);
  }
}

export type Level = 'pressed' | 'released' | 'on' | 'off' | 'blinks' | 'failing' | 'unknown';

/** The level in words. */
export function levelOf({ direction, level, blink, problem }: WirePin, device: WireDevice['state']): Level {
  if (problem !== undefined) return 'failing';
  if (level === null || device === 'offline') return 'unknown';
  if (direction === 'in') return level ? 'pressed' : 'released';
  if (blink !== undefined) return 'blinks';
  return level ? 'on' : 'off';
}
