import { setTimeout as pause } from 'node:timers/promises';

const EVERY_MS = 400;
const LENGTH_MS = 60;
const LONGEST_TRY_MS = 5_000;

/** A press that the sidecar has said it does. */
interface Pressed {
  readonly from: number;
  readonly to: number;
}

/** Presses the mock's button again and again. What is refused is not tried again: the finger has gone on. */
export class Presser {
  readonly pressed: Pressed[] = [];
  readonly refused = new Map<number, number>();
  readonly #url: string;
  #stopped = false;
  #done: Promise<void> = Promise.resolve();

  constructor(url: string) {
    this.#url = `${url}/pins/button`;
  }

  start(): void {
    this.#done = this.#press();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#done;
  }

  async #press(): Promise<void> {
    while (!this.#stopped) {
      const from = Date.now();
      const status = await this.#once();
      if (status === 200) this.pressed.push({ from, to: Date.now() });
      else this.refused.set(status, (this.refused.get(status) ?? 0) + 1);
      await pause(EVERY_MS);
    }
  }

  /** The status; 0 if nobody answered. */
  async #once(): Promise<number> {
    try {
      const answer = await fetch(this.#url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ press: LENGTH_MS }),
        signal: AbortSignal.timeout(LONGEST_TRY_MS),
      });
      await answer.arrayBuffer();
      return answer.status;
    } catch {
      return 0;
    }
  }
}
