/**
 * What the server says, as far as a browser reads it. The formats are stated in docs/wire.md; they are repeated here,
 * since nothing outside this folder is compiled for browsers. Types only: client.ts is served as one file of its own.
 */

/** The data of a stream's `pinstream` events. With `envelope=1` the events themselves come in this form too. */
export type WireMessage =
  | WireEvent
  | {
      readonly type: 'open';
      readonly cursor: string;
      readonly channels: readonly string[];
      readonly heartbeat?: number;
    }
  | WireGap
  | { readonly type: 'ping' }
  | { readonly type: 'closing'; readonly reason?: string }
  | { readonly type: 'refused'; readonly reason: string }
  | { readonly type: 'channels'; readonly channels: readonly string[] };

export interface WireEvent {
  readonly type: 'event';
  readonly channel: string;
  readonly event: string;
  readonly data: string;
  /** When it happened, in milliseconds since 1970; fractions are microseconds. */
  readonly at: number;
  /** Its cursor. */
  readonly id: string;
}

export interface WireGap {
  readonly type: 'gap';
  /** Where events are missing; not said when the whole store is another one. */
  readonly channel?: string;
  /** The newest event that was lost. */
  readonly until?: string;
  /** false: nobody knows whether there were any. */
  readonly certain?: boolean;
  /** `epoch`: the store is a new one. */
  readonly reason?: string;
}

export interface WirePin {
  readonly name: string;
  readonly gpio: number;
  readonly direction: 'in' | 'out';
  readonly level: 0 | 1 | null;
  /** An output that blinks: how many milliseconds each is on, and then off. */
  readonly blink?: number;
  readonly problem?: string;
  /** Edges that are known to be lost, each perhaps a press. */
  readonly missed?: number;
}

/** `GET /pins`, and the data of `state` on the channel `device`. */
export interface WireDevice {
  readonly state: 'online' | 'offline' | 'degraded';
  readonly driver: string | null;
  readonly pins: readonly WirePin[];
  readonly dropped?: number;
}

/** The answer to `POST /events`. */
export interface WirePublished {
  readonly id: string;
  readonly streams: number;
}
