import type { WireDevice } from '../wire.ts';
import { el } from './element.ts';
import type { SendHold } from './hold.ts';
import { PinButton } from './pinButton.ts';
import { type Level, levelOf, type PinNow } from './pinNow.ts';
import { PinSwitch, type SetOutput } from './pinSwitch.ts';
import { clock, day, full } from './time.ts';
import { OFFLINE_ID, PINS_ID, reasonOf, sharedReason } from './troubles.ts';

/** What somebody can do to a pin. */
export interface PinActions {
  readonly hold: SendHold;
  readonly set: SetOutput;
}

/** A press that is over before the screen was drawn is shown all the same, for this long from then on. */
const LIT_MS = 150;

let rows = 0;

/** One pin, its level now, and what can be done to it: an output is switched, a button of the mock held down. */
export class PinRow {
  readonly element: HTMLLIElement;
  readonly #now: PinNow;
  readonly #level = el('span', { class: 'level' });
  readonly #since = el('time', { class: 'since' });
  readonly #wiring = el('span', { class: 'wiring' });
  readonly #presses = el('span', { class: 'presses' });
  readonly #problem = el('p', { class: 'problem', id: `pin-problem-${++rows}` });
  readonly #button: PinButton;
  readonly #switch: PinSwitch;
  #device: WireDevice | undefined;
  /** Why it fails, unless all do for the same reason. */
  #reason = '';
  #litUntil = 0;
  #fading: ReturnType<typeof setTimeout> | undefined;

  constructor(name: string, now: PinNow, { hold, set }: PinActions) {
    this.#now = now;
    this.#button = new PinButton(name, hold);
    this.#switch = new PinSwitch(name, set);
    this.element = el(
      'li',
      { class: 'pin' },
      el('span', { class: 'lamp', 'aria-hidden': 'true' }),
      el('span', { class: 'pin-name', dir: 'auto' }, name),
      el('span', { class: 'pin-level' }, this.#level, ' ', this.#since),
      el('span', { class: 'pin-facts' }, this.#wiring, ' ', this.#presses),
      this.#button.element,
      this.#switch.element,
      this.#problem,
    );
  }

  /** What the device says. */
  hear(device: WireDevice): void {
    const { pin } = this.#now;
    if (!pin) return;
    this.#device = device;
    const level = levelOf(pin, device.state);
    const isMock = device.driver === 'mock' && device.state !== 'offline';
    this.#button.element.hidden = !isMock || pin.direction !== 'in' || level === 'failing';
    if (this.#button.element.hidden) this.#button.letGo();
    this.#switch.element.hidden = pin.direction !== 'out';
    this.#reason = sharedReason(device.pins) === undefined ? reasonOf(pin) : '';
    const why = this.#reason === '' ? PINS_ID : this.#problem.id;
    this.#switch.enable(level !== 'failing' && level !== 'unknown', pin.problem ? why : OFFLINE_ID);
    this.#switch.hear(pin.level);
  }

  /** It was pressed just now. A Pi may draw it late: until it is drawn, nobody has seen it. */
  light(): void {
    this.#litUntil = Number.POSITIVE_INFINITY;
  }

  letGo(): void {
    this.#button.letGo();
  }

  draw(): void {
    const { pin, since, presses } = this.#now;
    if (!pin || !this.#device) return;
    const level = this.#shownLevel(levelOf(pin, this.#device.state));
    this.element.dataset.level = level;
    this.#level.textContent = level;
    this.#showSince(level === 'failing' || level === 'unknown' ? undefined : since);
    this.#wiring.textContent = `GPIO ${pin.gpio} ${pin.direction}`;
    this.#presses.textContent = presses === undefined ? '' : presses === 1 ? '1 press' : `${presses} presses`;
    this.#problem.textContent = this.#reason;
    this.#problem.hidden = this.#reason === '';
  }

  remove(): void {
    clearTimeout(this.#fading);
    this.#button.letGo();
    this.element.remove();
  }

  #shownLevel(level: Level): Level {
    clearTimeout(this.#fading);
    const now = performance.now();
    this.#litUntil = Math.min(this.#litUntil, now + LIT_MS);
    const left = this.#litUntil - now;
    if (level !== 'released' || left <= 0) return level;
    this.#fading = setTimeout(() => this.draw(), left);
    return 'pressed';
  }

  #showSince(since: number | undefined): void {
    this.#since.hidden = since === undefined;
    if (since === undefined) return;
    const date = new Date(since);
    const on = day(date);
    this.#since.textContent = `since ${on ? `${on} ` : ''}${clock(date).seconds}`;
    this.#since.dateTime = date.toISOString();
    this.#since.title = full(date);
  }
}
