import type { Settings } from '../lib/settings.ts';
import type { Target } from './ask.ts';
import type { Machine } from './machine.ts';
import type { Origins } from './origins.ts';

/** How long is waited for what, in milliseconds. */
export interface Patience {
  /** Until a stream begins. */
  readonly opening: number;
  /** For one event: longer than it may take, so that a late one is told from a lost one. */
  readonly event: number;
  /** For a heartbeat. */
  readonly heartbeat: number;
  /** For what is said in the place of an app that is away: longer than a proxy looks for it. */
  readonly away: number;
  /** With `slow`: how long a stream has to live, and how long a question waits for an answer. */
  readonly stream: number;
  readonly poll: number;
}

export const PATIENCE: Patience = {
  opening: 3_000,
  event: 1_000,
  heartbeat: 18_000,
  away: 8_000,
  stream: 70_000,
  poll: 60_000,
};

/** What is looked at, by whom, and how. */
export interface Case {
  readonly target: Target;
  readonly settings: Settings;
  /** A channel of the doctor's own, which nobody else knows. */
  readonly channel: string;
  readonly origins: Origins;
  /** Also what takes longer than a minute. */
  readonly slow: boolean;
  readonly patience: Patience;
  readonly machine: Machine;
  /** What is closed at the end. */
  readonly cleanUp: (() => Promise<void>)[];
}

/** The same, for what has not shown yet that it is Pinstream. */
export function withoutKey(one: Case): Case {
  return { ...one, target: { ...one.target, key: '' } };
}
