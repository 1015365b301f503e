import type { PinCommand, PinReply } from '../contract/device.ts';

/**
 * What the processes of one installation tell one another besides events: a key, who listens, whether the sidecar lives,
 * and what it shall do. Nothing here is logged or replayed.
 */
export interface Board {
  /** Connects what the board needs; answers commands with the handler, if one is given: the sidecar's. */
  start(answer?: CommandHandler): Promise<void>;
  /** The publish key of this installation; made by `make` when the store has none. */
  publishKey(make: () => string): Promise<string>;
  /** Tells how many streams of this process listen to what. Forgotten after REPORT_SECONDS. */
  report(audiences: readonly AudienceReport[]): Promise<void>;
  /** What all processes last reported. */
  reports(): Promise<AudienceReport[]>;
  command(command: PinCommand): Promise<CommandOutcome>;
  /** How often each pin was pressed, for good. */
  presses(): Promise<Map<string, number>>;
  /** The sidecar lives; believed for DEVICE_SECONDS. */
  deviceAlive(): Promise<void>;
  close(): Promise<void>;
}

export interface AudienceReport {
  /** The channels and patterns that these streams listen to. */
  readonly channels: readonly string[];
  readonly streams: number;
}

export type CommandHandler = (command: PinCommand) => Promise<PinReply>;

/** `nobody`: no sidecar listens. `silent`: one listens and did not answer in time, so nobody knows what happened. */
export type CommandOutcome = { readonly reply: PinReply } | 'nobody' | 'silent';

export const REPORT_SECONDS = 10;
export const DEVICE_SECONDS = 10;
export const COMMAND_MS = 2_000;
