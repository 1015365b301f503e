import { createLog, type Log } from '../../src/lib/log.ts';
import { request } from './request.ts';

/** A log that a test can read and wait on. */
export class Lines {
  readonly all: string[] = [];
  readonly log: Log;
  #waiting: { met: RegExp; done: () => void }[] = [];

  constructor() {
    this.log = createLog({ level: 'debug', plain: false, write: (line) => this.#add(line) });
  }

  /** Resolves when a line that was not waited for yet matches. */
  until(met: RegExp): Promise<void> {
    if (this.all.some((line) => met.test(line))) return Promise.resolve();
    return new Promise((done) => this.#waiting.push({ met, done }));
  }

  /** The app tells nobody when it is ready; it has to be asked. */
  async untilReady(url: string): Promise<void> {
    while ((await request(`${url}/readyz`)).status !== 200);
  }

  #add(line: string): void {
    const { msg } = JSON.parse(line) as { msg: string };
    this.all.push(msg);
    for (const { met, done } of this.#waiting) if (met.test(msg)) done();
    this.#waiting = this.#waiting.filter(({ met: other }) => !other.test(msg));
  }
}
