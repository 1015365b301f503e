import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus, StoreUsage } from '../bus/bus.ts';
import type { Metrics } from './metrics.ts';

interface UsageLimits {
  readonly storeBytes: number;
  readonly maxChannels: number;
}

/** Longer than a store takes that is there. */
const PATIENCE_MS = 500;
/** What nobody knows at the moment is no figure. */
const UNKNOWN: StoreUsage = { bytes: Number.NaN, channels: Number.NaN, floor: Number.NaN };

/** How full the store was at the last look. A store that is away keeps nobody from the other figures. */
export class Usage {
  readonly #bus: Bus;
  #last = UNKNOWN;

  constructor(bus: Bus) {
    this.#bus = bus;
  }

  /** Shows it among the figures, beside its bounds. */
  showIn(metrics: Metrics, { storeBytes, maxChannels }: UsageLimits): void {
    metrics.gauge('store_bytes', 'Bytes of events that are kept.', () => this.#last.bytes);
    metrics.gauge('store_bytes_limit', 'Beyond it publishing is refused (STORE_BYTES).', () => storeBytes);
    metrics.gauge('channels', 'Channels that are remembered.', () => this.#last.channels);
    metrics.gauge(
      'channels_limit',
      'Beyond it the longest quiet one is forgotten (MAX_CHANNELS).',
      () => maxChannels,
    );
    metrics.gauge(
      'channels_floor',
      'The newest number of a channel that was forgotten; 0: none was.',
      () => this.#last.floor,
    );
  }

  async look(): Promise<void> {
    const late = new AbortController();
    this.#last = await Promise.race([
      this.#ask(),
      sleep(PATIENCE_MS, UNKNOWN, { signal: late.signal }).catch(() => UNKNOWN),
    ]);
    late.abort();
  }

  async #ask(): Promise<StoreUsage> {
    if (!this.#bus.status().ready) return UNKNOWN;
    return this.#bus.usage().catch(() => UNKNOWN);
  }
}
