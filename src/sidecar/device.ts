import { type Board, DEVICE_SECONDS } from '../bus/board.ts';
import type { Appended, Bus } from '../bus/bus.ts';
import { Producer, type Sending } from '../bus/producer.ts';
import type { SidecarReport } from '../bus/sidecarReport.ts';
import { DEVICE_CHANNEL, DEVICE_EVENT, type DeviceState, type PinState } from '../contract/device.ts';
import type { Log } from '../lib/log.ts';
import type { Cancel, Clock } from './clock.ts';
import { isFailing } from './healthLine.ts';

export interface DeviceParts {
  readonly bus: Bus;
  readonly board: Board;
  readonly clock: Clock;
  readonly log: Log;
  /** Asked for each time: a driver that chooses has its name when it has chosen. */
  readonly driver: () => string;
  readonly pins: () => readonly PinState[];
  /** Milliseconds after which the state is said again though nothing has changed. */
  readonly repeat: number;
  /** Events that were dropped since the start. */
  readonly dropped: () => number;
  readonly report: () => SidecarReport;
}

export const ALIVE_EVERY = 3_000;
/** After that the board may have given us up: well before DEVICE_SECONDS, since it counts from when it heard, not we. */
export const LONGEST_SILENCE = (DEVICE_SECONDS * 1000) / 2;

/**
 * Says on the `device` channel what the hardware is, whenever that changes, and every few seconds on the board that it lives.
 *
 * It has a producer of its own: behind thousands of events that waited for the store, or dropped as one of them, the truth
 * about the hardware would come late or never. While the store is away one state waits, and it is worded when its turn has
 * come: the newest one is what goes out. (One older state may go out before it: the one that was under way when the store
 * went, since nobody knows whether it was stored.)
 */
export class Device {
  readonly #parts: DeviceParts;
  readonly #producer: Producer;
  #phase: 'new' | 'started' | 'stopped' | 'closed' = 'new';
  #newest = { data: '', at: 0 };
  #saidAt = 0;
  /** The newest state has to be said even if nothing changed: it may not be the last word in the log. */
  #repeat = false;
  #queued = false;
  /** The newest state is in the log, as far as we know. */
  #isStored = false;
  /** Why the store did not take it last. */
  #reason: string | undefined;
  #sent: Promise<unknown> = Promise.resolve();
  #cancelAlive: Cancel | undefined;
  /** When the board last heard that this lives, on both clocks; undefined after it could not be reached. */
  #alive: { now: number; wall: number } | undefined;

  constructor(parts: DeviceParts) {
    this.#parts = parts;
    this.#producer = new Producer(parts.bus, { terms: { hardware: true } });
  }

  start(): void {
    this.#phase = 'started';
    this.#alive = this.#time();
    this.changed();
    void this.#sayAlive();
  }

  /** Something may have changed: says so if it did. */
  changed(): void {
    if (this.#phase !== 'started') return;
    this.#say(this.state);
  }

  /** Says offline: the last word. */
  stop(): void {
    if (this.#phase !== 'started') return;
    this.#phase = 'stopped';
    this.#cancelAlive?.();
    this.#say(this.state);
  }

  /** Resolves when the newest state is stored. */
  async said(): Promise<void> {
    await this.#sent;
  }

  close(): void {
    this.#phase = 'closed';
    if (this.#producer.waiting > 0) {
      const seconds = { seconds: DEVICE_SECONDS };
      this.#parts.log.warn(seconds, 'The store was not told that the device is offline; it will notice.');
    }
    this.#producer.close();
  }

  get state(): DeviceState {
    const { dropped } = this.#parts;
    const driver = this.#parts.driver();
    const pins = this.#parts.pins();
    const lost = dropped() === 0 ? {} : { dropped: dropped() };
    if (this.#phase === 'stopped') return { state: 'offline', driver, pins: pins.map(unknown), ...lost };
    const state = pins.some(isFailing) ? 'degraded' : 'online';
    return { state, driver, pins, ...lost };
  }

  #say(state: DeviceState): void {
    const data = JSON.stringify(state);
    if (data === this.#newest.data && !this.#repeat) return;
    this.#repeat = false;
    this.#newest = { data, at: this.#parts.clock.wall() };
    this.#saidAt = this.#parts.clock.now();
    if (this.#queued) return;
    this.#queued = true;
    this.#isStored = false;
    this.#sent = this.#producer
      .send(() => this.#wordNewest())
      .then(
        (appended) => this.#stored(appended),
        (error: Error) => {
          if (this.#phase === 'closed') return;
          this.#alive = undefined;
          this.#refused(error.message);
        },
      );
  }

  /**
   * A state that was just stored is our last word, and says that this lives: a start whose first sign of life came too early
   * for the store has nothing to repeat. One that was stored by an earlier try says nothing about now.
   */
  #stored({ duplicate }: Appended): void {
    this.#reason = undefined;
    this.#isStored = !this.#queued;
    if (duplicate || this.#phase !== 'started') return;
    const unheard = this.#alive === undefined;
    this.#alive = this.#time();
    // Or else it would say for three seconds that this lives and not how it is, or how the one before it was.
    if (unheard) void this.#sayAlive();
  }

  /** It is tried again every few seconds: each time said, it would bury the log. */
  #refused(reason: string): void {
    if (reason === this.#reason) return;
    this.#reason = reason;
    this.#parts.log.warn({ reason }, 'The state of the device was not stored. It is tried again.');
  }

  #wordNewest(): Sending {
    this.#queued = false;
    const device = { lives: this.#phase !== 'stopped', pins: this.#parts.pins().map(({ name }) => name) };
    return { event: { channel: DEVICE_CHANNEL, name: DEVICE_EVENT, ...this.#newest }, terms: { device } };
  }

  async #sayAlive(): Promise<void> {
    this.#cancelAlive?.();
    this.#cancelAlive = this.#parts.clock.after(ALIVE_EVERY, () => void this.#sayAlive());
    const wasStored = this.#isStored;
    let kept: number;
    try {
      kept = await this.#parts.board.deviceAlive(this.#parts.report());
    } catch (error) {
      this.#alive = undefined;
      this.#parts.log.debug({ reason: (error as Error).message }, 'Could not say that the device lives.');
      return;
    }
    this.#repeatAfterSilence(wasStored ? kept : Number.POSITIVE_INFINITY);
  }

  /**
   * The board hears us again. If it had not for so long that we may have been given up, somebody may have announced us as
   * offline meanwhile, and a restarted store may have lost our last word. Without the repetition it would stay offline.
   */
  #repeatAfterSilence(kept: number): void {
    const last = this.#alive;
    const time = this.#time();
    this.#alive = time;
    // The monotonic clock stands still while a laptop sleeps, the other one may be set back: the longer one counts.
    const silence = last ? Math.max(time.now - last.now, time.wall - last.wall) : Number.POSITIVE_INFINITY;
    // A log without events runs out, and with it what a new app would know of the device: by the LOG_AGE of the apps, which may
    // be shorter than ours. Asked for the next time, it may be gone.
    const fresh = time.now - this.#saidAt < this.#parts.repeat && kept > 2 * ALIVE_EVERY;
    if (silence < LONGEST_SILENCE && fresh) return;
    this.#repeat = true;
    this.changed();
  }

  #time(): { now: number; wall: number } {
    return { now: this.#parts.clock.now(), wall: this.#parts.clock.wall() };
  }
}

/** After the end nobody knows the levels. */
function unknown({ name, gpio, direction }: PinState): PinState {
  return { name, gpio, direction, level: null };
}
