import { channelProblem } from '../contract/channel.ts';
import { DEVICE_CHANNEL } from '../contract/device.ts';
import type { Settings } from '../lib/settings.ts';
import { type PinSpec, parsePins } from './pins.ts';

const LONGEST_REPEAT = 3_600_000;

/** What the sidecar is told, read once and passed down. */
export interface SidecarConfig {
  readonly pins: readonly PinSpec[];
  readonly driver: Settings['GPIO_DRIVER'];
  /** The label or the name of the chip that the pins are of; undefined: the header's of a Raspberry Pi. */
  readonly chip: string | undefined;
  /** Milliseconds between the presses that the mock makes by itself. */
  readonly mockAuto: number | undefined;
  /** The channel on which presses are announced; empty: none. */
  readonly announce: string;
  /** Events that may wait for the store. */
  readonly outbox: number;
  /** Milliseconds after which the state of the device is said again, so that its log never runs out. */
  readonly repeat: number;
  /** The file that says how this sidecar is; undefined: none. */
  readonly healthFile: string | undefined;
}

export function sidecarConfig(settings: Settings): { config: SidecarConfig; problems: string[] } {
  const announce = settings.ANNOUNCE;
  const announceWrong = announce === '' ? undefined : announceProblem(announce);
  const { pins, problems } = parsePins(settings.PINS, announce);
  const config: SidecarConfig = {
    pins,
    driver: settings.GPIO_DRIVER,
    chip: settings.GPIO_CHIP || undefined,
    mockAuto: settings.MOCK_AUTO,
    announce,
    outbox: settings.OUTBOX,
    repeat: Math.min(LONGEST_REPEAT, settings.LOG_AGE / 3),
    healthFile: settings.HEALTH_FILE || undefined,
  };
  return {
    config,
    problems: announceWrong ? [...problems, `ANNOUNCE must be a channel: ${announceWrong}`] : problems,
  };
}

function announceProblem(announce: string): string | undefined {
  if (announce === DEVICE_CHANNEL)
    return `"${announce}" is the channel of the device itself: choose another.`;
  return channelProblem(announce);
}
