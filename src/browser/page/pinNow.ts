import type { PinstreamEvent } from '../client/api.ts';
import { isAfter } from '../client/cursor.ts';
import type { WireDevice, WirePin } from '../wire.ts';

export type Level = 'pressed' | 'released' | 'on' | 'off' | 'blinks' | 'failing' | 'unknown';

/** When and where in the log something was said. `GET /pins` says neither. */
export type Said = Pick<PinstreamEvent, 'id' | 'at'>;

/**
 * One pin as it is now. A press is told on the pin's own channel first, and by the device after it: what is newest in the log
 * counts, whichever of both it is.
 */
export class PinNow {
  #pin: WirePin | undefined;
  #level: 0 | 1 | null | undefined;
  #since: number | undefined;
  #presses: number | undefined;
  #newest = '';

  /** undefined: the device has not told of it yet, only the pin itself. */
  get pin(): WirePin | undefined {
    return this.#pin && { ...this.#pin, level: this.#level ?? null };
  }

  /** Since when it has its level; undefined: nobody saw it change. */
  get since(): number | undefined {
    return this.#since;
  }

  /** Which press the last one was: they are counted for good. */
  get presses(): number | undefined {
    return this.#presses;
  }

  /** What the device says of it. */
  state(pin: WirePin, said?: Said): void {
    this.#pin = pin;
    if (said && !this.#advance(said)) return;
    if (pin.level === this.#level) return;
    // What is heard first, or again after nobody knew it, has been so for a time that nobody saw.
    this.#since = this.#level === 0 || this.#level === 1 ? said?.at : undefined;
    this.#level = pin.level;
  }

  /** A press, a release, or what was made of them. Answers whether this was news. */
  gesture(event: PinstreamEvent): boolean {
    if (!this.#advance(event)) return false;
    const { press } = dataOf(event);
    if (typeof press === 'number') this.#presses = press;
    if (event.name !== 'press' && event.name !== 'release') return true;
    this.#level = event.name === 'press' ? 1 : 0;
    this.#since = event.at;
    return true;
  }

  #advance({ id }: Said): boolean {
    if (!isAfter(id, this.#newest)) return false;
    this.#newest = id;
    return true;
  }
}

/** The level in words. */
export function levelOf({ direction, level, blink, problem }: WirePin, device: WireDevice['state']): Level {
  if (problem !== undefined) return 'failing';
  if (level === null || device === 'offline') return 'unknown';
  if (direction === 'in') return level ? 'pressed' : 'released';
  if (blink !== undefined) return 'blinks';
  return level ? 'on' : 'off';
}

function dataOf({ data }: PinstreamEvent): { press?: unknown } {
  try {
    return Object(JSON.parse(data));
  } catch {
    return {};
  }
}
