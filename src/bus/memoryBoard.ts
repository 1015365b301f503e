import type { PinCommand } from '../contract/device.ts';
import type { Board, CommandHandler, CommandOutcome } from './board.ts';
import { type AudienceReport, type Listeners, listenersOf } from './listeners.ts';

/** The board of one process. */
export class MemoryBoard implements Board {
  /** Shared with the memory bus, whose appends count. */
  readonly pressCounts = new Map<string, number>();
  #answer: CommandHandler | undefined;
  #key: string | undefined;
  #reports: readonly AudienceReport[] = [];

  async start(answer?: CommandHandler): Promise<void> {
    if (answer) this.#answer = answer;
  }

  async publishKey(make: () => string): Promise<string> {
    this.#key ??= make();
    return this.#key;
  }

  async report(audiences: readonly AudienceReport[]): Promise<boolean> {
    this.#reports = audiences;
    return true;
  }

  async listeners(): Promise<Listeners> {
    return listenersOf(this.#reports);
  }

  async command(command: PinCommand): Promise<CommandOutcome> {
    return this.#answer ? { reply: await this.#answer(command) } : 'nobody';
  }

  async presses(): Promise<Map<string, number>> {
    return new Map(this.pressCounts);
  }

  async deviceAlive(): Promise<void> {}

  async close(): Promise<void> {
    this.#answer = undefined;
  }
}
