import { setTimeout as pause } from 'node:timers/promises';
import { appDoor } from '../../src/cli/appDoor.ts';
import type { Door } from '../../src/cli/door.ts';

const EVERY_MS = 40;
/** Longer than any outage here: it never gives up. */
const PATIENCE_MS = 120_000;

/**
 * Publishes numbers from 1 on, one after another, whatever happens: each is sent again until it is acknowledged, as
 * `pinstream publish` does.
 */
export class Publisher {
  readonly acknowledged: { readonly id: string; readonly data: string }[] = [];
  /** What was given up. */
  readonly problems: string[] = [];
  readonly #door: Door;
  #next = 1;
  #stopped = false;
  #done: Promise<void> = Promise.resolve();

  constructor(url: string, channel: string) {
    this.#door = appDoor(url, '', channel, 'message');
  }

  /** What is published with this number or a larger one, is published from now on. */
  get next(): number {
    return this.#next;
  }

  start(): void {
    this.#done = this.#publish();
  }

  /** All that was begun is acknowledged, or given up. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #publish(): Promise<void> {
    while (!this.#stopped) {
      const data = String(this.#next++);
      const [outcome] = await this.#door.send([data], PATIENCE_MS);
      if (outcome && 'id' in outcome) this.acknowledged.push({ id: outcome.id, data });
      else this.problems.push(`${data}: ${outcome?.problem}`);
      await pause(EVERY_MS);
    }
  }
}
