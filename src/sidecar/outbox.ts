import type { Board } from '../bus/board.ts';
import { type AppendTerms, type Bus, BusError } from '../bus/bus.ts';
import { Producer, type Sending } from '../bus/producer.ts';
import { MESSAGE, type NewEvent } from '../contract/event.ts';
import { type GestureData, gestureText, utcTime } from '../contract/gestures.ts';
import type { Log } from '../lib/log.ts';
import type { Clock } from './clock.ts';
import type { Made } from './gestures.ts';
import type { InputSpec } from './pins.ts';

export interface OutboxParts {
  readonly bus: Bus;
  readonly board: Board;
  readonly clock: Clock;
  readonly log: Log;
  /** Events that may wait; beyond it the oldest is dropped. */
  readonly limit: number;
  /** The channel for presses as unnamed messages; empty: none. */
  readonly announce: string;
  /** An event was dropped. */
  readonly dropped: () => void;
}

/** What an event says about a press, as soon as the press has its number. */
type Wording = (number: number) => Sending;

/**
 * The events of the pins on their way to the store. They wait here while it is away, with the time at which they happened,
 * and go out in that order, each once. Only the end of the process loses them, and more of them than the limit.
 *
 * A press gets its number when it happens: how often its pin was pressed before this start, which the store knows, and how
 * many presses came since. The first is asked for when the first event goes out, so a start without a store does no harm.
 */
export class Outbox {
  readonly #parts: OutboxParts;
  readonly #producer: Producer;
  readonly #pending = new Set<Promise<void>>();
  #pressesBefore: Map<string, number> | undefined;
  #dropped = 0;
  /** Events are being dropped, and the log has said so: once, until one gets through again. */
  #dropping = false;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
    this.#producer = new Producer(parts.bus, { limit: parts.limit, terms: { hardware: true } });
  }

  /** Events that were dropped since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  get waiting(): number {
    return this.#pending.size;
  }

  add(pin: InputSpec, made: Made): void {
    const at = this.#parts.clock.wall(made.at);
    this.#send(pin, made, (number) => ({
      event: gestureEvent(pin, made, number, at),
      ...counted(pin, made, number),
    }));
    const { announce } = this.#parts;
    if (made.gesture !== 'press' || announce === '') return;
    this.#send(pin, made, (number) => ({
      event: { channel: announce, name: MESSAGE, data: gestureText(pin.name, made.gesture, number, at), at },
    }));
  }

  /** Resolves when nothing waits any more. */
  async empty(): Promise<void> {
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  /** Gives up what still waits. */
  close(): void {
    if (this.waiting > 0) {
      const lost = { lost: this.waiting };
      this.#parts.log.error(lost, 'Events were lost: the store could not be reached before the end.');
      this.#dropping = true;
    }
    this.#producer.close();
  }

  #send(pin: InputSpec, made: Made, word: Wording): void {
    const load = async () => word((await this.#before(pin.name)) + made.press);
    const sending: Promise<void> = this.#producer.send(load).then(
      () => {
        this.#dropping = false;
      },
      (error: Error) => this.#wasDropped(error),
    );
    this.#pending.add(sending);
    void sending.then(() => this.#pending.delete(sending));
  }

  async #before(pin: string): Promise<number> {
    try {
      this.#pressesBefore ??= await this.#parts.board.presses();
    } catch (error) {
      // Whatever kept the count from being read, the event waits: any other error would drop it.
      throw new BusError('away', `The count of presses could not be read: ${(error as Error).message}`);
    }
    return this.#pressesBefore.get(pin) ?? 0;
  }

  #wasDropped(error: Error): void {
    this.#dropped++;
    if (!this.#dropping) {
      this.#parts.log.warn(
        { reason: error.message },
        'An event was dropped. Those that follow it are counted: see `dropped` on the channel device.',
      );
    }
    this.#dropping = true;
    this.#parts.dropped();
  }
}

function gestureEvent(pin: InputSpec, made: Made, number: number, at: number): NewEvent {
  const data: GestureData = {
    pin: pin.name,
    gpio: pin.gpio,
    press: number,
    at: utcTime(at),
    ...(made.held === undefined ? {} : { held: Math.round(made.held) }),
    text: gestureText(pin.name, made.gesture, number, at),
  };
  return { channel: pin.name, name: made.gesture, data: JSON.stringify(data), at };
}

/** Only a press stores the count: a click comes later than the next press may, and would set it back. */
function counted(pin: InputSpec, made: Made, number: number): { terms?: AppendTerms } {
  return made.gesture === 'press' ? { terms: { presses: { pin: pin.name, count: number } } } : {};
}
