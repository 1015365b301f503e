import type { Appended, AppendTerms } from '../../src/bus/bus.ts';
import { MemoryBoard } from '../../src/bus/memoryBoard.ts';
import { MemoryBus } from '../../src/bus/memoryBus.ts';
import type { NewEvent } from '../../src/contract/event.ts';

export interface Kept {
  readonly event: NewEvent;
  readonly terms: AppendTerms;
}

/** A memory bus that can be held up, as by a store that does not answer, and that shows what was appended. */
export class HeldBus extends MemoryBus {
  readonly kept: Kept[] = [];
  /** What the next appends are refused with. */
  refusal: Error | undefined;
  /** Only this channel is refused, if one is named. */
  refusedChannel: string | undefined;
  #release: (() => void) | undefined;
  #gate: Promise<void> = Promise.resolve();

  constructor(presses?: Map<string, number>) {
    super({ logLength: 100_000, logAge: 86_400_000, maxChannels: 100, storeBytes: 2 ** 30 }, presses);
  }

  hold(): void {
    this.#gate = new Promise((resolve) => {
      this.#release = resolve;
    });
  }

  release(): void {
    this.#release?.();
  }

  override async append(event: NewEvent, terms: AppendTerms = {}): Promise<Appended> {
    await this.#gate;
    if (this.refusal && (this.refusedChannel ?? event.channel) === event.channel) throw this.refusal;
    const appended = await super.append(event, terms);
    this.kept.push({ event, terms });
    return appended;
  }

  on(channel: string): NewEvent[] {
    return this.kept.map(({ event }) => event).filter((event) => event.channel === channel);
  }
}

/** A bus and a board that share a store. */
export function heldStore(): { bus: HeldBus; board: MemoryBoard } {
  const board = new MemoryBoard();
  return { bus: new HeldBus(board.pressCounts), board };
}
