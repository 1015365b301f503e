import type { WireEvent, WireGap } from '../wire.ts';
import type { Status } from './api.ts';

/** What the hub says to the tabs. All that came at once is one message. */
export type Saying =
  | WireEvent
  | WireGap
  /** From here on every event on these channels is said. `answer`: to one tab, as the answer to what it wants: its count. */
  | {
      readonly type: 'from';
      readonly cursor: string;
      readonly names: readonly string[];
      readonly answer?: number;
    }
  /** All up to here was said. */
  | { readonly type: 'at'; readonly cursor: string }
  | { readonly type: 'status'; readonly status: Status }
  /** To one tab: its channels are not for it. */
  | { readonly type: 'refused'; readonly reason: string }
  /** To one tab: nobody here knows you. */
  | { readonly type: 'unknown' }
  /** To one tab: the hub lives. */
  | { readonly type: 'here' };

export type Hear = (sayings: readonly Saying[]) => void;

/** What a tab says to the hub. */
export type Asking =
  | { readonly type: 'want'; readonly names: readonly string[]; readonly count: number }
  /** Is there anybody? */
  | { readonly type: 'here' }
  /** The device woke up; `always`: its network is another one. */
  | { readonly type: 'wake'; readonly always: boolean }
  | { readonly type: 'bye' };

/** What makes two tabs' streams one. */
export interface Place {
  /** The stream's whole address, without channels. */
  readonly url: string;
  readonly token: string;
  readonly credentials: RequestCredentials;
}

/** A way to a hub, wherever that is. */
export interface Link {
  ask(asking: Asking): void;
  close(): void;
}
