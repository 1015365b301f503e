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
  /** A raw publish that was not kept, or not as it came. */
  odd(reason: 'too-large' | 'not-utf8' | 'reserved-name' | 'owned' | 'full' | 'overflow'): void;
}
