import { askJson } from '../events/log.ts';
import { type Choice, isPattern } from './choices.ts';

const EVERY_MS = 5_000;
/** A list of thousands weighs something, and is not read anew by anybody every few seconds. */
const MANY = 1_000;
const EVERY_MS_OF_MANY = 30_000;
/** However many new channels are heard of, so often is asked at most. */
const SOON_MS = 1_000;
const PATIENCE_MS = 10_000;

interface ChannelsAnswer {
  readonly channels: readonly {
    readonly channel: string;
    readonly streams: number;
    readonly length: number;
  }[];
}

/** Which channels there are and who listens, asked of the server now and then: while somebody looks, and not otherwise. */
export class Census {
  readonly #isLookedAt: () => boolean;
  readonly #told: (known: readonly Choice[]) => void;
  readonly #failed: (sentence: string) => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asking = false;
  #again = false;
  #asked = Number.NEGATIVE_INFINITY;
  #count = 0;

  constructor(
    isLookedAt: () => boolean,
    told: (known: readonly Choice[]) => void,
    failed: (sentence: string) => void,
  ) {
    this.#isLookedAt = isLookedAt;
    this.#told = told;
    this.#failed = failed;
  }

  /** Asks at once, or when the last question is long enough ago. Nothing is asked while nobody looks. */
  soon(): void {
    clearTimeout(this.#timer);
    if (!this.#isLookedAt()) return;
    if (this.#asking) {
      this.#again = true;
      return;
    }
    const wait = this.#asked + SOON_MS - performance.now();
    if (wait > 0) this.#timer = setTimeout(() => void this.#ask(), wait);
    else void this.#ask();
  }

  async #ask(): Promise<void> {
    if (this.#asking || !this.#isLookedAt()) return;
    this.#asking = true;
    this.#again = false;
    this.#asked = performance.now();
    try {
      const known = await readCensus(AbortSignal.timeout(PATIENCE_MS));
      this.#count = known.length;
      this.#told(known);
    } catch (error) {
      this.#failed(
        error instanceof DOMException ? 'The server takes too long to answer.' : (error as Error).message,
      );
    }
    this.#asking = false;
    if (this.#again) this.soon();
    else this.#timer = setTimeout(() => void this.#ask(), this.#count > MANY ? EVERY_MS_OF_MANY : EVERY_MS);
  }
}

async function readCensus(signal: AbortSignal): Promise<Choice[]> {
  const [{ channels }, stats] = await Promise.all([
    askJson<ChannelsAnswer>('/channels?limit=10000', signal),
    askJson<[string, number][]>('/stats', signal),
  ]);
  const order = new Intl.Collator(undefined, { numeric: true }).compare;
  const patterns = stats
    .filter(([name]) => isPattern(name))
    .map(([name, streams]): Choice => ({ name, events: undefined, streams }));
  const known = channels.map(
    ({ channel, streams, length }): Choice => ({ name: channel, events: length, streams }),
  );
  return [...patterns, ...known].sort((one, other) => order(one.name, other.name));
}
