import type { PinCommand } from '../contract/device.ts';
import { type Board, COMMAND_MS, type CommandHandler, type CommandOutcome, DEVICE_SECONDS } from './board.ts';
import { type Listeners, NOBODY } from './listeners.ts';
import { NO_SIDECAR, type SidecarReport, type SidecarSign } from './sidecarReport.ts';

/** The board of one process. */
export class MemoryBoard implements Board {
  /** Shared with the memory bus, whose appends count. */
  readonly pressCounts = new Map<string, number>();
  #answer: CommandHandler | undefined;
  #key: string | undefined;
  #sidecar: { readonly report: SidecarReport; readonly until: number } | undefined;

  async start(answer?: CommandHandler): Promise<void> {
    if (answer) this.#answer = answer;
  }

  async publishKey(make: () => string): Promise<string> {
    this.#key ??= make();
    return this.#key;
  }

  async report(): Promise<boolean> {
    return true;
  }

  async listenersElsewhere(): Promise<Listeners> {
    return NOBODY;
  }

  async command(command: PinCommand): Promise<CommandOutcome> {
    if (!this.#answer) return 'nobody';
    let timer: NodeJS.Timeout | undefined;
    const silent = new Promise<'silent'>((resolve) => {
      timer = setTimeout(() => resolve('silent'), COMMAND_MS);
    });
    try {
      return await Promise.race([this.#answer(command).then((reply) => ({ reply })), silent]);
    } finally {
      clearTimeout(timer);
    }
  }

  async presses(): Promise<Map<string, number>> {
    return new Map(this.pressCounts);
  }

  async deviceAlive(report: SidecarReport): Promise<number> {
    this.#sidecar = { report, until: performance.now() + DEVICE_SECONDS * 1000 };
    // In one process all have the same LOG_AGE, and the device goes by that.
    return Number.POSITIVE_INFINITY;
  }

  async sidecar(): Promise<SidecarSign> {
    const said = this.#sidecar;
    return said && performance.now() < said.until ? { lives: true, report: said.report } : NO_SIDECAR;
  }

  async close(): Promise<void> {
    this.#answer = undefined;
  }
}
