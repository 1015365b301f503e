import type { Gap, PinstreamEvent } from '../client/api.ts';
import { isAfter } from '../client/cursor.ts';
import type { WireDevice } from '../wire.ts';
import { ask } from './ask.ts';
import { part, write } from './element.ts';
import { Frame } from './frame.ts';
import { PinRow } from './pin.ts';
import { PinNow, type Said } from './pinNow.ts';
import type { Post } from './post.ts';
import { deviceOf } from './reports.ts';

/** What comes this soon after a connection is what was, not what is: no lamp flashes for it. */
const SETTLING_MS = 1_000;
/** So many are shown at once; one more would only take the place of the button that shows it. */
const FEW_PINS = 6;
/** Channels are named by whoever publishes; of so many it is remembered what they said before the device told of its pins. */
const MOST_PINS = 100;

export type DeviceListener = (device: WireDevice) => void;

/** The hardware as it is now. The last event on the channel `device` is the truth about it, with what the pins said since. */
export class Device {
  readonly #root: HTMLElement;
  readonly #post: Post;
  readonly #pins = new Map<string, PinNow>();
  readonly #rows = new Map<string, PinRow>();
  readonly #listeners: DeviceListener[] = [];
  readonly #frame = new Frame(() => this.#draw());
  /** The log has told: what it says later counts, and asking would only bring something older. */
  #told = false;
  /** The id of what it has told last. */
  #newest = '';
  #device: WireDevice | undefined;
  #isFolded = true;
  #liveSince = Number.POSITIVE_INFINITY;

  constructor(root: HTMLElement, post: Post) {
    this.#root = root;
    this.#post = post;
    part(root, 'all').addEventListener('click', () => {
      this.#isFolded = !this.#isFolded;
      this.#fold();
    });
    // Whoever goes away has let go, also of what no event of the button itself tells.
    addEventListener('pagehide', () => this.#letGo());
    addEventListener('blur', () => this.#letGo());
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) this.#letGo();
    });
  }

  /** Calls it whenever the device has said something. */
  watch(listener: DeviceListener): void {
    this.#listeners.push(listener);
  }

  hear(event: PinstreamEvent): void {
    const device = deviceOf(event);
    if (device) this.#hearDevice(device, event);
    else if (isGesture(event)) this.#hearPin(event);
  }

  /** A new store knows nothing of what the old one said. */
  miss(gap: Gap): void {
    if (gap.channel !== undefined) return;
    this.#told = false;
    void this.#ask();
  }

  live(live: boolean): void {
    this.#root.classList.toggle('stale', !live);
    if (!live) this.#liveSince = Number.POSITIVE_INFINITY;
    else if (this.#liveSince === Number.POSITIVE_INFINITY) this.#liveSince = performance.now();
    if (live && !this.#told) void this.#ask();
  }

  async #ask(): Promise<void> {
    const response = await ask('/pins').catch(() => undefined);
    if (!response?.ok) return;
    const device = (await response.json().catch(() => undefined)) as WireDevice | undefined;
    if (device && !this.#told) this.#take(device);
  }

  #hearDevice(device: WireDevice, said: Said): void {
    // What is replayed for another reason is what was.
    if (this.#told && !isAfter(said.id, this.#newest)) return;
    this.#told = true;
    this.#newest = said.id;
    this.#take(device, said);
  }

  #hearPin(event: PinstreamEvent): void {
    const known = this.#pins.get(event.channel);
    if (!known && this.#pins.size >= MOST_PINS) return;
    const now = known ?? new PinNow();
    if (!known) this.#pins.set(event.channel, now);
    if (!now.gesture(event)) return;
    // What nobody could see when it was heard is over, too, when the page is seen again.
    const isSeen = performance.now() - this.#liveSince > SETTLING_MS && !document.hidden;
    if (event.name === 'press' && isSeen) this.#rows.get(event.channel)?.light();
    this.#frame.ask();
  }

  #take(device: WireDevice, said?: Said): void {
    this.#device = device;
    for (const pin of device.pins) this.#rowOf(pin.name, (now) => now.state(pin, said)).hear(device);
    for (const [name, row] of this.#rows) {
      if (device.pins.some((pin) => pin.name === name)) continue;
      row.remove();
      this.#rows.delete(name);
      this.#pins.delete(name);
    }
    this.#frame.ask();
    for (const listener of this.#listeners) listener(device);
  }

  #rowOf(name: string, tell: (now: PinNow) => void): PinRow {
    const now = this.#pins.get(name) ?? new PinNow();
    this.#pins.set(name, now);
    tell(now);
    let row = this.#rows.get(name);
    if (!row) {
      row = new PinRow(name, now, {
        hold: (ms) => this.#command(name, { hold: ms }),
        set: (value) => this.#command(name, { value }),
      });
      this.#rows.set(name, row);
      part(this.#root, 'pins').append(row.element);
    }
    return row;
  }

  #draw(): void {
    if (!this.#device) return;
    const { state, driver } = this.#device;
    const word = part(this.#root, 'state');
    word.textContent = driver === null ? state : `${state}, ${driver}`;
    word.dataset.state = state;
    part(this.#root, 'none').hidden = driver !== null;
    for (const row of this.#rows.values()) row.draw();
    this.#fold();
  }

  /** Of many pins the first ones are enough to begin with: what stands below them is to be seen too. */
  #fold(): void {
    const all = part(this.#root, 'all');
    all.hidden = this.#rows.size <= FEW_PINS;
    all.ariaExpanded = String(!this.#isFolded);
    write(all, this.#isFolded ? `Show all ${this.#rows.size} pins` : 'Show fewer pins');
    part(this.#root, 'pins').classList.toggle('folded', this.#isFolded && !all.hidden);
  }

  #letGo(): void {
    for (const row of this.#rows.values()) row.letGo();
  }

  /** false: it was not done, and why is on the page. */
  async #command(name: string, command: { hold: number } | { value: 0 | 1 }): Promise<boolean> {
    const said = part(this.#root, 'said');
    try {
      // What a page sends while it is left arrives all the same: nobody's finger stays on a button.
      await this.#post.send(`/pins/${encodeURIComponent(name)}`, command, { keepalive: true });
      write(said, '');
      return true;
    } catch (error) {
      said.classList.add('wrong');
      said.textContent = (error as Error).message;
      return false;
    }
  }
}

const GESTURES = new Set(['press', 'release', 'click', 'double-click', 'long-press']);

/** A pin's own event, and none that somebody has published under such a name. */
function isGesture({ name, data }: PinstreamEvent): boolean {
  return GESTURES.has(name) && data.includes('"gpio"');
}
