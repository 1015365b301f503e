import type { Gap, PinstreamEvent } from '../client.ts';
import type { WireDevice } from '../wire.ts';
import { part } from './element.ts';
import { PinRow } from './pin.ts';
import type { Post } from './post.ts';

/** Where a switch that does nothing finds its reason. */
const NOTICE = 'device-notice';

/** The hardware as it is now. The last event on the channel `device` is the truth about it. */
export class Device {
  readonly #root: HTMLElement;
  readonly #post: Post;
  readonly #rows = new Map<string, PinRow>();
  /** The log has told: what it says later counts, and asking would only bring something older. */
  #told = false;

  constructor(root: HTMLElement, post: Post) {
    this.#root = root;
    this.#post = post;
  }

  hear(event: PinstreamEvent): void {
    if (event.channel !== 'device' || event.name !== 'state') return;
    this.#told = true;
    this.#show(JSON.parse(event.data) as WireDevice);
  }

  /** A new store knows nothing of what the old one said. */
  miss(gap: Gap): void {
    if (gap.channel !== undefined) return;
    this.#told = false;
    void this.#ask();
  }

  live(live: boolean): void {
    this.#root.classList.toggle('stale', !live);
    if (live && !this.#told) void this.#ask();
  }

  async #ask(): Promise<void> {
    const response = await fetch('/pins').catch(() => undefined);
    if (!response?.ok) return;
    const device = (await response.json()) as WireDevice;
    if (!this.#told) this.#show(device);
  }

  #show(device: WireDevice): void {
    const state = part(this.#root, 'state');
    state.textContent = device.driver === null ? device.state : `${device.state}, ${device.driver}`;
    state.dataset.state = device.state;
    const notice = part(this.#root, 'notice');
    notice.id = NOTICE;
    notice.textContent = noticeOf(device);
    notice.hidden = notice.textContent === '';
    this.#showPins(device);
  }

  #showPins(device: WireDevice): void {
    const list = part(this.#root, 'pins');
    for (const pin of device.pins) {
      let row = this.#rows.get(pin.name);
      if (!row) {
        const { name } = pin;
        row = new PinRow(name, {
          press: () => void this.#command(name, { press: 120 }),
          set: (value) => this.#command(name, { value }),
        });
        this.#rows.set(pin.name, row);
      }
      if (row.element.parentElement !== list) list.append(row.element);
      row.show(pin, device, NOTICE);
    }
    for (const [name, row] of this.#rows) {
      if (device.pins.some((pin) => pin.name === name)) continue;
      row.element.remove();
      this.#rows.delete(name);
    }
  }

  /** false: it was not done, and why is on the page. */
  async #command(name: string, command: { press: number } | { value: 0 | 1 }): Promise<boolean> {
    const said = part(this.#root, 'said');
    said.textContent = '';
    try {
      await this.#post.send(`/pins/${encodeURIComponent(name)}`, command);
      return true;
    } catch (error) {
      said.classList.add('wrong');
      said.textContent = (error as Error).message;
      return false;
    }
  }
}

function noticeOf(device: WireDevice): string {
  if (device.driver === null) {
    return 'No sidecar has reported yet. Start one: "npm run sidecar" on the Pi, "npm start" without pins.';
  }
  if (device.state === 'offline') {
    return 'The sidecar is gone: presses are not seen and nothing is switched until it runs again. Its log says why.';
  }
  if (device.dropped) {
    return `${device.dropped} events were dropped while Redis was away for too long.`;
  }
  return '';
}
