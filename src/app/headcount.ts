import type { Board } from '../bus/board.ts';
import { type AudienceReport, listenersOf, reaching, reachingAny, sumOf } from '../bus/listeners.ts';
import { isPattern } from '../contract/channel.ts';
import { OwnAudiences } from './ownAudiences.ts';
import type { Hub } from './sse/hub.ts';

const REPORT_MS = 2_000;
/** Of a change among up to so many audiences others are told at once; among more, at the next report. */
const FEW_AUDIENCES = 1_000;

/**
 * Who listens to what, over all apps: streams, and long polls that wait. The app's own are counted here; the others' are as
 * each last reported them.
 */
export class Headcount {
  readonly #board: Board;
  readonly #hub: Hub;
  readonly #own: OwnAudiences;
  #timer: NodeJS.Timeout | undefined;
  #reported: readonly AudienceReport[] | undefined;
  #stopped = false;

  constructor(board: Board, hub: Hub) {
    this.#board = board;
    this.#hub = hub;
    this.#own = new OwnAudiences(hub);
  }

  start(): void {
    this.#timer = setInterval(() => void this.#report().catch(() => undefined), REPORT_MS);
  }

  /** Says that nobody listens here any more. A store that does not answer is not waited for: it forgets what it was told. */
  stop(): void {
    clearInterval(this.#timer);
    this.#stopped = true;
    this.#report().catch(() => undefined);
  }

  /**
   * Counts the streams that a channel reaches, for these channels. Whoever asks the store for something else in the same turn
   * of the event loop shares the round trip.
   */
  async counter(channels: readonly string[]): Promise<(channel: string) => number> {
    if (this.#own.reports.length <= FEW_AUDIENCES && this.#own.look() !== this.#reported) {
      // Others hear at once of what has changed here. A store that is full takes no report, and still knows what they said.
      this.#report().catch(() => undefined);
    }
    const elsewhere = await this.#board.listenersElsewhere(channels);
    return (channel) => this.#hub.reach(channel) + reaching(elsewhere, channel);
  }

  /** All channels and patterns that are listened to, with the streams that named them; and the same counts as above. */
  async all(): Promise<{ names: Map<string, number>; counter: (channel: string) => number }> {
    const said = this.#report().catch(() => undefined);
    const [elsewhere] = await Promise.all([this.#board.listenersElsewhere(), said]);
    const listeners = sumOf([listenersOf(this.#own.look()), elsewhere]);
    const names = new Map(listeners.named);
    for (const { channels, streams } of listeners.patterned) {
      for (const name of channels) if (isPattern(name)) names.set(name, (names.get(name) ?? 0) + streams);
    }
    return { names, counter: reachingAny(listeners) };
  }

  /** Only what has changed is sent; that nothing has, every REPORT_MS, or the store takes this app for gone. */
  #report(): Promise<boolean> {
    const own = this.#stopped ? [] : this.#own.look();
    this.#reported = own;
    return this.#board.report(own);
  }
}
