import type { Board } from '../bus/board.ts';
import type { Bus } from '../bus/bus.ts';
import type { Log } from '../lib/log.ts';
import { type Clock, SystemClock } from './clock.ts';
import { Commands } from './commands.ts';
import type { SidecarConfig } from './config.ts';
import { Device } from './device.ts';
import type { Driver } from './drivers/driver.ts';
import { MockDriver } from './drivers/mock.ts';
import { OnoffDriver } from './drivers/onoff.ts';
import { Outbox } from './outbox.ts';
import { Pin } from './pin.ts';

export interface SidecarParts {
  readonly config: SidecarConfig;
  readonly bus: Bus;
  readonly board: Board;
  readonly driver: Driver;
  readonly clock: Clock;
  readonly log: Log;
}

/** How long the end waits for what is not stored yet. */
export const DRAIN_MS = 2_000;

/**
 * All of the sidecar: pins make gestures, which go through the outbox to the bus; the device says what the pins are; commands
 * act on them. Bus and board belong to the caller, who starts the bus before and closes both after. The board is started
 * here, since commands are answered from then on.
 */
export class Sidecar {
  readonly #parts: SidecarParts;
  readonly #outbox: Outbox;
  readonly #device: Device;
  readonly #pins: readonly Pin[];
  readonly #commands: Commands;

  constructor(parts: SidecarParts) {
    this.#parts = parts;
    const { config, driver, clock, log } = parts;
    this.#outbox = new Outbox({
      ...parts,
      limit: config.outbox,
      announce: config.announce,
      dropped: () => this.#device.changed(),
    });
    this.#device = new Device({
      ...parts,
      driver: driver.name,
      repeat: config.repeat,
      pins: () => this.#pins.map((pin) => pin.state),
      dropped: () => this.#outbox.dropped,
    });
    this.#pins = config.pins.map(
      (spec) =>
        new Pin({
          spec,
          driver,
          clock,
          log,
          made: (pin, made) => this.#outbox.add(pin, made),
          changed: () => this.#device.changed(),
        }),
    );
    this.#commands = new Commands(this.#pins, driver);
  }

  /** Resolves when each pin was tried once: what fails is tried again, and keeps nothing else from working. */
  async start(): Promise<void> {
    const { board, config, driver, log } = this.#parts;
    await Promise.all(this.#pins.map((pin) => pin.start()));
    await board.start((command) => this.#commands.answer(command));
    this.#device.start();
    const pins = config.pins.map(({ name, gpio, direction }) => `${name}=${gpio} (${direction})`).join(', ');
    log.info({ driver: driver.name }, `The sidecar watches ${pins}.`);
  }

  /** Outputs go to their safe level first, since the end may be cut short. */
  async stop(): Promise<void> {
    await Promise.all(this.#pins.map((pin) => pin.stop()));
    await this.#parts.driver.close();
    this.#device.stop();
    await this.#drain();
    this.#outbox.close();
    this.#device.close();
  }

  async #drain(): Promise<void> {
    let cancel = () => {};
    const enough = new Promise<void>((resolve) => {
      cancel = this.#parts.clock.after(DRAIN_MS, resolve);
    });
    await Promise.race([Promise.all([this.#outbox.empty(), this.#device.said()]), enough]);
    cancel();
  }
}

/** The sidecar with the driver that was asked for by name; never another one. */
export function createSidecar(config: SidecarConfig, bus: Bus, board: Board, log: Log): Sidecar {
  const clock = new SystemClock();
  const driver =
    config.driver === 'mock' ? new MockDriver(clock, config.mockAuto) : new OnoffDriver({ clock, log });
  return new Sidecar({ config, bus, board, driver, clock, log });
}
