import type { Board } from '../bus/board.ts';
import type { Bus } from '../bus/bus.ts';
import type { SidecarReport } from '../bus/sidecarReport.ts';
import type { Log } from '../lib/log.ts';
import { type Clock, SystemClock } from './clock.ts';
import { Commands } from './commands.ts';
import type { SidecarConfig } from './config.ts';
import { Device } from './device.ts';
import { createDriver } from './drivers/create.ts';
import type { Driver } from './drivers/driver.ts';
import { guarded } from './guarded.ts';
import { HealthFile } from './healthFile.ts';
import { healthLine, isFailing } from './healthLine.ts';
import { type Delays, LoopDelays } from './loopDelays.ts';
import { Outbox } from './outbox.ts';
import { Pin } from './pin.ts';
import { Stalls } from './stalls.ts';
import { within } from './within.ts';

export interface SidecarParts {
  readonly config: SidecarConfig;
  readonly bus: Bus;
  readonly board: Board;
  readonly driver: Driver;
  readonly clock: Clock;
  readonly log: Log;
  /** Of this process's event loop, if left out. */
  readonly delays?: Delays;
}

/** How long the start waits for pins: one that hangs keeps the others from nothing. */
export const OPENING_MS = 5_000;
/** How long the end waits for pins, for their driver, and for what is not stored yet. Together less than what ends it by force. */
export const CLOSING_MS = 2_000;
export const DRIVER_MS = 1_000;
export const DRAIN_MS = 2_000;

/**
 * All of the sidecar: pins make gestures, which go through the outbox to the bus; the device says what the pins are; commands
 * act on them. Bus and board belong to the caller, who starts the bus before and closes both after. The board is started
 * here, since commands are answered from then on.
 */
export class Sidecar {
  readonly #parts: SidecarParts;
  readonly #driver: Driver;
  readonly #since: number;
  readonly #stalls: Stalls;
  readonly #health: HealthFile | undefined;
  readonly #outbox: Outbox;
  readonly #device: Device;
  readonly #pins: readonly Pin[];
  readonly #commands: Commands;
  #started = false;
  #ending: Promise<void> | undefined;
  /** Called by an end that comes during the start. */
  #endStart = () => {};

  constructor(parts: SidecarParts) {
    this.#parts = parts;
    const { config, clock, log, delays = new LoopDelays() } = parts;
    const driver = guarded(parts.driver, log);
    this.#driver = driver;
    this.#since = clock.now();
    this.#stalls = new Stalls({ delays, clock, log, driver: () => driver.name });
    this.#outbox = new Outbox({
      ...parts,
      limit: config.outbox,
      announce: config.announce,
      dropped: () => this.#device.changed(),
    });
    this.#device = new Device({
      ...parts,
      driver: () => driver.name,
      repeat: config.repeat,
      pins: () => this.#pins.map((pin) => pin.state),
      dropped: () => this.#outbox.dropped,
      report: () => this.#report(),
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
    const { healthFile: file } = config;
    this.#health =
      file === undefined ? undefined : new HealthFile({ file, clock, log, line: () => this.#line() });
  }

  /**
   * Resolves when each pin was tried once: what fails is tried again, and keeps nothing else from working. False: it was
   * stopped before, or meanwhile.
   */
  async start(): Promise<boolean> {
    const { board, clock, log } = this.#parts;
    if (this.#ending !== undefined) return false;
    const ended = new Promise<void>((resolve) => {
      this.#endStart = resolve;
    });
    this.#health?.start();
    const tried = Promise.all(this.#pins.map((pin) => pin.start()));
    await within(clock, OPENING_MS, Promise.race([tried, ended]));
    if (this.#ending !== undefined) return false;
    await board.start((command) => this.#commands.answer(command));
    if (this.#ending !== undefined) return false;
    // Only now: loading and opening stall too, but before the device says online nobody was promised that a press counts.
    this.#stalls.start();
    this.#started = true;
    this.#device.start();
    log.info({ driver: this.#driver.name }, watching(this.#pins));
    return true;
  }

  /**
   * Outputs go to their safe level first, since the end may be cut short. Whatever hangs or fails, the rest is done. May be
   * called at any time, and again: there is one end.
   */
  stop(): Promise<void> {
    this.#ending ??= this.#end();
    this.#endStart();
    return this.#ending;
  }

  async #end(): Promise<void> {
    const { clock, log } = this.#parts;
    this.#stalls.stop();
    const pins = Promise.allSettled(this.#pins.map((pin) => pin.stop()));
    if (!(await within(clock, CLOSING_MS, pins))) {
      log.error(
        {},
        `Not every pin was closed within ${CLOSING_MS / 1000} s: an output may not have its safe level.`,
      );
    }
    if (!(await within(clock, DRIVER_MS, this.#driver.close()))) {
      log.error(
        {},
        `The driver ${this.#driver.name} did not end within ${DRIVER_MS / 1000} s: it is left as it is.`,
      );
    }
    this.#device.stop();
    await within(clock, DRAIN_MS, Promise.all([this.#outbox.empty(), this.#device.said()]));
    this.#outbox.close();
    this.#device.close();
    if (this.#health) await within(clock, DRIVER_MS, this.#health.stop());
  }

  #report(): SidecarReport {
    const { clock } = this.#parts;
    return {
      driver: this.#driver.name,
      since: clock.wall(this.#since),
      stalls: this.#stalls.count,
      longestStall: this.#stalls.longest,
      waiting: this.#outbox.waiting,
      dropped: this.#outbox.dropped,
      pins: this.#pins.map(({ state }) => ({
        name: state.name,
        missed: state.missed ?? 0,
        failing: isFailing(state),
      })),
    };
  }

  #line(): string {
    const { state } = this.#device;
    return healthLine(
      this.#started ? state : { ...state, state: 'starting' },
      this.#parts.bus.status(),
      this.#outbox.waiting,
    );
  }
}

function watching(pins: readonly Pin[]): string {
  const list = (some: readonly Pin[]) =>
    some.map(({ spec: { name, gpio, direction } }) => `${name}=${gpio} (${direction})`).join(', ');
  const failing = pins.filter(({ state }) => isFailing(state));
  if (failing.length === 0) return `The sidecar watches ${list(pins)}.`;
  const working = pins.filter((pin) => !failing.includes(pin));
  return `The sidecar watches ${list(working) || 'no pin yet'}. It goes on trying to open ${list(failing)}.`;
}

/** The sidecar with the driver that was asked for by name; never another one. */
export function createSidecar(config: SidecarConfig, bus: Bus, board: Board, log: Log): Sidecar {
  const clock = new SystemClock();
  const driver = createDriver(config, clock, log);
  return new Sidecar({ config, bus, board, driver, clock, log });
}
