import { createLog, type Log } from '../../src/lib/log.ts';

/** A log that a test can read and wait on. */
export class Lines {
  readonly all: string[] = [];
  readonly log: Log;
  #waiting: { met: RegExp; done: () => void }[] = [];

  constructor() {
    this.log = createLog({ level: 'debug', plain: false, write: (line) => this.#add(line) });
  }

  /** Resolves when a line matches, one that has come already or the next. */
  until(met: RegExp): Promise<void> {
    if (this.all.some((line) => met.test(line))) return Promise.resolve();
    return new Promise((done) => this.#waiting.push({ met, done }));
  }

  #add(line: string): void {
    const { msg } = JSON.parse(line) as { msg: string };
    this.all.push(msg);
    for (const { met, done } of this.#waiting) if (met.test(msg)) done();
    this.#waiting = this.#waiting.filter(({ met: other }) => !other.test(msg));
  }
}
