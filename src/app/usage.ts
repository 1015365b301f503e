import { setTimeout as sleep } from 'node:timers/promises';
import type { Bus, StoreUsage } from '../bus/bus.ts';

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

  get last(): StoreUsage {
    return this.#last;
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
