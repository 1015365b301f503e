import type { Readiness } from './troubles.ts';

const CALM_MS = 15_000;
const WORRIED_MS = 3_000;
const PATIENCE_MS = 5_000;

/**
 * Asks the server whether it can serve. A stream that is open stays open while Redis is away and says nothing: without asking,
 * a page would show "live" while nothing can come.
 */
export class ReadinessWatch {
  readonly #tell: (readiness: Readiness) => void;
  #worried = false;
  #asking = false;
  #next: ReturnType<typeof setTimeout> | undefined;

  constructor(tell: (readiness: Readiness) => void) {
    this.#tell = tell;
    document.addEventListener('visibilitychange', () => this.#plan(0));
    this.#plan(CALM_MS);
  }

  /** Something speaks for it that all is not well: it asks now, and more often. */
  worry(worried: boolean): void {
    if (worried === this.#worried) return;
    this.#worried = worried;
    this.#plan(worried ? 0 : CALM_MS);
  }

  #plan(ms: number): void {
    clearTimeout(this.#next);
    if (!document.hidden) this.#next = setTimeout(() => void this.#ask(), ms);
  }

  async #ask(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const readiness = await askReadiness();
    this.#asking = false;
    this.#tell(readiness);
    this.#plan(this.#worried ? WORRIED_MS : CALM_MS);
  }
}

async function askReadiness(): Promise<Readiness> {
  try {
    const response = await fetch('/readyz', { cache: 'no-store', signal: AbortSignal.timeout(PATIENCE_MS) });
    if (response.ok) return 'ready';
    // A proxy's own 502 says nothing of ours.
    const { problem } = Object(await response.json().catch(() => undefined)) as { problem?: unknown };
    return typeof problem === 'string' ? { problem } : 'silent';
  } catch {
    return 'silent';
  }
}
