import { rename, rm, writeFile } from 'node:fs/promises';
import type { Log } from '../lib/log.ts';
import type { Cancel, Clock } from './clock.ts';

export interface HealthFileParts {
  readonly file: string;
  readonly clock: Clock;
  readonly log: Log;
  /** How the sidecar is, in a line for people. */
  readonly line: () => string;
}

export const WRITE_EVERY = 3_000;

/**
 * A file that is renewed as long as the event loop turns: who finds it old, or not at all, knows that the sidecar hangs or has
 * ended. That is what a restart helps against. A pin that fails, or a store that is away, only stands in its line.
 */
export class HealthFile {
  readonly #parts: HealthFileParts;
  readonly #draft: string;
  #writing: Promise<void> | undefined;
  #warned = false;
  #cancel: Cancel | undefined;

  constructor(parts: HealthFileParts) {
    this.#parts = parts;
    this.#draft = `${parts.file}.new`;
  }

  start(): void {
    this.#cancel = this.#parts.clock.after(WRITE_EVERY, () => this.start());
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Whoever looks shall not take one that has ended for one that lives. */
  async stop(): Promise<void> {
    this.#cancel?.();
    await this.#writing;
    const { file } = this.#parts;
    await Promise.all([file, this.#draft].map((one) => rm(one, { force: true }).catch(() => undefined)));
  }

  /** By another name first, so that nobody reads half of it. */
  async #write(): Promise<void> {
    const { file, line, log } = this.#parts;
    try {
      await writeFile(this.#draft, `${line()}\n`);
      await rename(this.#draft, file);
      this.#warned = false;
    } catch (error) {
      if (this.#warned) return;
      this.#warned = true;
      const { message } = error as Error;
      log.warn(
        {},
        `The health file ${file} (HEALTH_FILE) cannot be written (${message}). The sidecar goes on without it, and tries again: name a file in a folder that is there, writable and not full.`,
      );
    }
  }
}
