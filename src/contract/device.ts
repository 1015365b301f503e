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

/** What is asked of the sidecar: in the mock a press, of an output a level. */
export type PinCommand =
  | { readonly pin: string; readonly press: number }
  | { readonly pin: string; readonly value: 0 | 1 };

/** What it answers. A refusal says why, as a sentence. */
export type PinReply =
  | { readonly ok: true; readonly pin: PinState }
  | {
      readonly ok: false;
      readonly refused: 'unknown-pin' | 'not-possible' | 'failing';
      readonly error: string;
    };
