/** The `device` channel: its last event is the truth about the hardware. */

export const DEVICE_CHANNEL = 'device';
/** The one event name on it. */
export const DEVICE_EVENT = 'state';
/** Where each press is announced as an unnamed message, for pages that only know `new EventSource('/stream')`. */
export const DEFAULT_CHANNEL = 'sse';

export interface PinState {
  readonly name: string;
  readonly gpio: number;
  readonly direction: 'in' | 'out';
  /** Logical: 1 is pressed or lit, whatever the wiring. null: not known, since the pin fails. */
  readonly level: 0 | 1 | null;
  /** Outputs that blink: how many milliseconds each is on, and then off. `level` is 1 meanwhile. */
  readonly blink?: number;
  /** Edges that are known to be lost since the sidecar started, each perhaps a press. Left out if none. */
  readonly missed?: number;
  /** Why the pin doesn't work and what to do, when it doesn't. */
  readonly problem?: string;
}

export interface DeviceState {
  readonly state: 'online' | 'offline' | 'degraded';
  /** null: nothing has reported yet. */
  readonly driver: string | null;
  readonly pins: readonly PinState[];
  /** Events that had to be dropped while Redis was away, since the sidecar started. */
  readonly dropped?: number;
}

/** What is known before any sidecar has spoken. */
export const NO_DEVICE: DeviceState = { state: 'offline', driver: null, pins: [] };

/** The state that a text says; undefined when it is none. What members say beyond that is the sidecar's word. */
export function parseDevice(data: string): DeviceState | undefined {
  try {
    const value = JSON.parse(data) as DeviceState;
    const named = value.pins.every((pin) => typeof pin.name === 'string');
    return named && typeof value.state === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What is asked of the sidecar: in the mock a press, or to hold a button down for so many milliseconds from now, 0 to let go; of
 * an output a level, a pulse of so many milliseconds, or to blink.
 */
export type PinCommand = ButtonCommand | OutputCommand;

export type ButtonCommand =
  | { readonly pin: string; readonly press: number }
  | { readonly pin: string; readonly hold: number };

export type OutputCommand =
  | { readonly pin: string; readonly value: 0 | 1 }
  | { readonly pin: string; readonly pulse: number }
  | { readonly pin: string; readonly blink: number; readonly times?: number };

/** What it answers. A refusal says why, as a sentence. */
export type PinReply =
  | { readonly ok: true; readonly pin: PinState }
  | {
      readonly ok: false;
      readonly refused: 'unknown-pin' | 'not-possible' | 'failing';
      readonly error: string;
    };

/** What is wrong with a command, as a sentence, and the member that it is about, if it is one. */
export interface CommandProblem {
  readonly problem: string;
  readonly member?: string;
}

const KINDS = ['press', 'hold', 'value', 'pulse', 'blink'] as const;

const LEAST = { press: 1, hold: 20, pulse: 1, blink: 20 };
/** What lasts longer is a mistake in a script: a press would keep others from pressing, a pulse a pump running. */
const MOST = { press: 60_000, hold: 60_000, pulse: 3_600_000, blink: 60_000 };
const MOST_TIMES = 1_000;

/** Reads a command that anybody may have sent: at the app's door, and in the sidecar, whose channel others can speak on too. */
export function parseCommand(
  pin: string,
  members: Readonly<Record<string, unknown>>,
): PinCommand | CommandProblem {
  const { value, times } = members;
  const [kind, other] = KINDS.filter((one) => members[one] !== undefined);
  if (kind === undefined) {
    return {
      problem:
        'Send {"value": 1}, {"pulse": 500} or {"blink": 500} to an output, or {"press": 120} or {"hold": 1500} to a button of the mock.',
    };
  }
  if (other !== undefined) {
    return { problem: `"${kind}" and "${other}" are two commands: send one of them.`, member: other };
  }
  if (times !== undefined && kind !== 'blink') {
    return { problem: '"times" goes with "blink" only.', member: 'times' };
  }
  if (kind === 'value') {
    return value === 0 || value === 1 ? { pin, value } : { problem: '"value" must be 0 or 1.', member: kind };
  }
  const ms = members[kind];
  if (kind === 'hold' && ms === 0) return { pin, hold: 0 };
  const [least, most] = [LEAST[kind], MOST[kind]];
  if (!isWhole(ms, least, most)) {
    return {
      problem: `"${kind}" must be a whole number of milliseconds from ${least} to ${most}${kind === 'hold' ? ', or 0 to let go' : ''}.`,
      member: kind,
    };
  }
  if (kind === 'press') return { pin, press: ms };
  if (kind === 'hold') return { pin, hold: ms };
  if (kind === 'pulse') return { pin, pulse: ms };
  if (times === undefined) return { pin, blink: ms };
  if (isWhole(times, 1, MOST_TIMES)) return { pin, blink: ms, times };
  return { problem: `"times" must be a whole number from 1 to ${MOST_TIMES}.`, member: 'times' };
}

function isWhole(value: unknown, least: number, most: number): value is number {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}
