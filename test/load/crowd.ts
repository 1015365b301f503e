import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { endsWithUs } from '../support/children.ts';
import type { Seat } from './reader.ts';

/** What a crowd is asked to do, and what it answers. */
export type Order =
  | { readonly do: 'seat'; readonly seats: readonly Seat[] }
  | { readonly do: 'await'; readonly sequence: number }
  | { readonly do: 'leave' };

export interface Told {
  /** Readers that have heard up to the sequence. */
  readonly there: number;
  /** What readers saw that they were never to see, and how often. */
  readonly wrong: Readonly<Record<string, number>>;
  /** Milliseconds that this process itself was late at most. */
  readonly late: number;
}

/** Many readers in a process of their own, so that their work does not make those late who measure. */
export class Crowd {
  readonly #child: ChildProcess;

  constructor() {
    this.#child = endsWithUs(fork(new URL('crowdProcess.ts', import.meta.url)));
  }

  /** All of them connect at once. */
  seat(seats: readonly Seat[]): void {
    this.#child.send({ do: 'seat', seats } satisfies Order);
  }

  /** Resolves when all have heard up to a sequence, or something is wrong. */
  async heard(sequence: number): Promise<Told> {
    return this.#ask({ do: 'await', sequence });
  }

  async leave(): Promise<void> {
    await this.#ask({ do: 'leave' });
  }

  stop(): void {
    this.#child.kill();
  }

  async #ask(order: Order): Promise<Told> {
    this.#child.send(order);
    const [told] = (await once(this.#child, 'message')) as [Told];
    return told;
  }
}
