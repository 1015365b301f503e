import type { Lease } from './bus.ts';

export interface KeeperOptions {
  /** Channels and patterns whose raw publishes are kept. */
  readonly adopt: readonly string[];
  readonly counts: KeeperCounts;
  /** What the keeper does besides, each TICK_MS, with the lease that fences its appends. */
  readonly duty: (lease: Lease) => Promise<void>;
}

export interface KeeperCounts {
  adopted(): void;
  odd(reason: OddReason): void;
}

/** Why a raw publish was not kept, or not as it came. `broken`: Redis refuses it, and would do so again. */
export type OddReason = 'too-large' | 'not-utf8' | 'reserved-name' | 'owned' | 'full' | 'broken' | 'overflow';
