import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { endsWithUs } from './children.ts';
import type { KeptEvent } from './kept.ts';
import type { Expected, Verdict } from './ledger.ts';

/** What shows that a listener is live again: something that was published, and a press, both after this. */
export interface Goal {
  /** A number that the publisher had not yet sent. */
  readonly number: number;
  /** Milliseconds since 1970; left out where nobody presses. */
  readonly pressedAfter?: number;
}

export interface Findings extends Verdict {
  /** Listeners that gave up for good, and gaps that were told. */
  readonly dead: readonly string[];
  readonly gaps: number;
}

export type Order =
  | { readonly do: 'open'; readonly urls: readonly string[] }
  | { readonly do: 'await'; readonly goal: Goal; readonly ms: number }
  | { readonly do: 'judge'; readonly named: Expected; readonly bare: Expected; readonly ms: number };

export type Answer =
  | { readonly to: 'open' }
  /** When each came to the goal. */
  | { readonly to: 'await'; readonly times: readonly (number | null)[] }
  | { readonly to: 'judge'; readonly findings: readonly Findings[] };

/**
 * Listeners in a process of their own, so that the test's work does not slow them. None of our code is in them: each is the
 * `eventsource` package's EventSource, and comes back by itself or not at all.
 */
export class Audience {
  readonly #child: ChildProcess;

  private constructor() {
    this.#child = endsWithUs(fork(new URL('audienceProcess.ts', import.meta.url)));
  }

  /** Resolves when all of them are open. */
  static async open(urls: readonly string[]): Promise<Audience> {
    const audience = new Audience();
    await audience.#ask({ do: 'open', urls });
    return audience;
  }

  /** When each of them was live again; null for who was not within the time. */
  async liveAgain(goal: Goal, ms: number): Promise<readonly (number | null)[]> {
    const answer = await this.#ask({ do: 'await', goal, ms });
    return answer.to === 'await' ? answer.times : [];
  }

  /** Waits until each has heard the last of these events, and holds what it heard since the last time against them. */
  async judge(events: readonly KeptEvent[], ms: number): Promise<readonly Findings[]> {
    const order = { do: 'judge', named: inStream(events), bare: inSse(events), ms } as const;
    const answer = await this.#ask(order);
    return answer.to === 'judge' ? answer.findings : [];
  }

  stop(): void {
    this.#child.kill();
  }

  async #ask(order: Order): Promise<Answer> {
    this.#child.send(order);
    const [answer] = (await once(this.#child, 'message')) as [Answer];
    return answer;
  }
}

/** As the dialect `stream` words them. */
export function inStream(events: readonly KeptEvent[]): Expected {
  return events.map(({ id, event, data }) => [id, `${event} ${data}`]);
}

/** As the dialect `sse` words them. */
function inSse(events: readonly KeptEvent[]): Expected {
  return events.map(({ id, event, data }) => {
    return [id, `message ${event === 'message' ? data : JSON.stringify([event, data])}`];
  });
}

/** Whether a text that was heard is this number, or a later one. */
export function isPublished(text: string, from: number): boolean {
  return /^message \d+$/.test(text) && Number(text.slice('message '.length)) >= from;
}

/** Whether it is a press after this time, in either dialect. */
export function isPress(text: string, after: number): boolean {
  const named = text.startsWith('message ["press",') ? `press ${JSON.parse(text.slice(8))[1]}` : text;
  return named.startsWith('press ') && Date.parse(JSON.parse(named.slice('press '.length)).at) > after;
}
