import { matcher } from '../../client/pattern.ts';
import type { Gap, PinstreamEvent } from '../../client.ts';
import type { WireDevice } from '../../wire.ts';
import { deviceOf } from '../reports.ts';
import { gestureOf } from './gesture.ts';
import { DAY_MS, Lane } from './lane.ts';
import { insert } from './sorted.ts';

/** What came before the pins were known, and is looked at when they are. */
const MOST_WAITING = 1_000;
/** Of the device, for pins that are met later. */
const MOST_STATES = 1_000;

interface State {
  readonly at: number;
  readonly device: WireDevice;
}

/**
 * All pins over the last day. It may be told everything twice and in any order, by the stream and by the log; it does
 * not grow beyond what is kept of each pin.
 */
export class Model {
  readonly #lanes = new Map<string, Lane>();
  readonly #states: State[] = [];
  #waiting: PinstreamEvent[] | undefined = [];
  #newest: number | undefined;

  get lanes(): readonly Lane[] {
    return [...this.#lanes.values()];
  }

  /** true: something is to be drawn anew. */
  event(event: PinstreamEvent): boolean {
    this.#newest = Math.max(this.#newest ?? event.at, event.at);
    for (const lane of this.#lanes.values()) lane.hearOther(event.at);
    const device = deviceOf(event);
    if (device) return this.#state({ at: event.at, device });
    const gesture = gestureOf(event);
    if (!gesture) return false;
    if (this.#waiting) {
      this.#waiting.push(event);
      if (this.#waiting.length > MOST_WAITING) this.#waiting.shift();
      return false;
    }
    const lane = this.#lanes.get(event.channel);
    lane?.hearGesture(event.id, event.at, gesture);
    return lane !== undefined;
  }

  /** A new store knows nothing from before; what this page heard of the old one stays. */
  gap({ channel }: Gap, now: number): void {
    // It may be told of a pattern, when channels that match it were forgotten.
    const isMeant = channel === undefined ? undefined : matcher(channel);
    for (const lane of this.lanes) {
      if (!isMeant) lane.restart(this.#newest, now);
      // An output has no events of its own: what it did stands on the device's channel.
      else if (isMeant(lane.direction === 'out' ? 'device' : lane.name)) lane.break(now);
    }
  }

  /** The pins that were not known before. */
  device({ state, pins }: WireDevice, now: number): readonly string[] {
    // Before a sidecar has reported anew nobody knows the pins: those that are shown may well come back.
    if (state === 'offline' && pins.length === 0) return [];
    const before = new Map(this.#lanes);
    this.#lanes.clear();
    const found: string[] = [];
    for (const pin of pins) {
      const known = before.get(pin.name);
      if (known?.direction === pin.direction) {
        this.#lanes.set(pin.name, known);
        continue;
      }
      const lane = new Lane(pin, now);
      for (const { at, device } of this.#states) lane.hearState(at, device);
      this.#lanes.set(pin.name, lane);
      found.push(pin.name);
    }
    this.#hearWaiting();
    return found;
  }

  /** All that the log has of this pin has been told. */
  told(name: string): void {
    const lane = this.#lanes.get(name);
    const watched = this.#states[0]?.at;
    if (lane?.isWhole && watched !== undefined) lane.knowFrom(watched);
  }

  forget(now: number): void {
    for (const lane of this.lanes) lane.forget(now - DAY_MS);
  }

  #hearWaiting(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const event of waiting) this.event(event);
  }

  #state(state: State): boolean {
    insert(this.#states, state, ({ at }) => at);
    if (this.#states.length > MOST_STATES) this.#states.shift();
    for (const lane of this.lanes) lane.hearState(state.at, state.device);
    return this.#lanes.size > 0;
  }
}
