import type { Pinstream } from '../client/api.ts';
import type { WireDevice } from '../wire.ts';
import type { View } from './view.ts';

/** Which channels the page listens to: those that are chosen, and always the device and its pins. None chosen: all. */
export class Listening {
  readonly #view: View;
  #pins: readonly string[] = [];
  #stream: Pinstream | undefined;

  constructor(view: View) {
    this.#view = view;
    view.watch((changed) => {
      if (changed.has('channels')) this.#change();
    });
  }

  get channels(): readonly string[] {
    const { channels } = this.#view;
    return channels.length === 0 ? ['*'] : [...new Set([...channels, 'device', ...this.#pins])];
  }

  /** The stream that follows from here on. */
  lead(stream: Pinstream): void {
    this.#stream = stream;
    this.#change();
  }

  device({ pins }: WireDevice): void {
    this.#pins = pins.map(({ name }) => name);
    this.#change();
  }

  #change(): void {
    if (!this.#stream) return;
    const { channels } = this.#stream;
    const had = [...channels];
    const wanted = this.channels;
    // First what is new: what is heard all along is not asked for again.
    const added = wanted.filter((name) => !had.includes(name));
    const left = had.filter((name) => !wanted.includes(name));
    if (added.length > 0) channels.add(...added);
    if (left.length > 0) channels.remove(...left);
  }
}
