import type { PinCommand, PinReply } from '../contract/device.ts';
import type { AudienceReport, Listeners } from './listeners.ts';
import type { SidecarReport, SidecarSign } from './sidecarReport.ts';

/**
 * What the processes of one installation tell one another besides events: a key, who listens, whether the sidecar lives,
 * and what it shall do. Nothing here is logged or replayed.
 */
export interface Board {
  /** Connects what the board needs; answers commands with the handler, if one is given: the sidecar's. */
  start(answer?: CommandHandler): Promise<void>;
  /** The publish key of this installation; made by `make` when the store has none. */
  publishKey(make: () => string): Promise<string>;
  /**
   * Tells how many streams of this process listen to what. Believed for REPORT_SECONDS. False: what was told before had been
   * forgotten, and others may not have been told all meanwhile.
   */
  report(audiences: readonly AudienceReport[]): Promise<boolean>;
  /** Who listens at other processes, as each last reported it: to these channels, or to anything. */
  listenersElsewhere(channels?: readonly string[]): Promise<Listeners>;
  /** Rejects only when the command surely has not gone out. */
  command(command: PinCommand): Promise<CommandOutcome>;
  /** How often each pin was pressed, for good. */
  presses(): Promise<Map<string, number>>;
  /**
   * The sidecar lives, and how it is; believed for DEVICE_SECONDS. Answers for how many milliseconds the log of the device will
   * still be kept unless something is said there; 0: there is none.
   */
  deviceAlive(report: SidecarReport): Promise<number>;
  /** Whether a sidecar lives, and what it said last. */
  sidecar(): Promise<SidecarSign>;
  close(): Promise<void>;
}

export type CommandHandler = (command: PinCommand) => Promise<PinReply>;

/** `nobody`: no sidecar listens. `silent`: nobody has answered in COMMAND_MS, so nobody knows what happened. */
export type CommandOutcome = { readonly reply: PinReply } | 'nobody' | 'silent';

export const REPORT_SECONDS = 10;
export const DEVICE_SECONDS = 10;
export const COMMAND_MS = 2_000;
