import type { Board } from '../bus/board.ts';
import type { AudienceReport, Listeners } from '../bus/listeners.ts';
import { isPattern, matches } from '../contract/channel.ts';
import type { Hub } from './sse/hub.ts';

const REPORT_MS = 2_000;
/** Up to so many audiences are counted anew for each question; with more, what was reported last is true enough. */
const FEW_AUDIENCES = 1_000;

/** Who listens to what, over all apps, as each last reported it: streams, and long polls that wait. */
export class Headcount {
  readonly #board: Board;
  readonly #hub: Hub;
  #timer: NodeJS.Timeout | undefined;
  #audiences = 0;
  #stopped = false;

  constructor(board: Board, hub: Hub) {
    this.#board = board;
    this.#hub = hub;
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

  /** Counts the streams that a channel reaches, for these channels. */
  async counter(channels: readonly string[]): Promise<(channel: string) => number> {
    return reaching(await this.#ask(channels));
  }

  /** All channels and patterns that are listened to, with the streams that named them; and the same counts as above. */
  async all(): Promise<{ names: Map<string, number>; counter: (channel: string) => number }> {
    const listeners = await this.#ask();
    const names = new Map(listeners.named);
    for (const { channels, streams } of listeners.patterned) {
      for (const name of channels) if (isPattern(name)) names.set(name, (names.get(name) ?? 0) + streams);
    }
    return { names, counter: reaching(listeners) };
  }

  async #ask(channels?: readonly string[]): Promise<Listeners> {
    // One after the other on the same connection, in one round trip: what is said is heard in the answer.
    // A store that is full takes no report, and still knows what others said.
    const said = this.#audiences <= FEW_AUDIENCES ? this.#report().catch(() => undefined) : undefined;
    const [kept, listeners] = await Promise.all([said, this.#board.listeners(channels)]);
    return kept === false ? this.#board.listeners(channels) : listeners;
  }

  async #report(): Promise<boolean> {
    const own = this.#stopped ? [] : this.#own();
    this.#audiences = own.length;
    return this.#board.report(own);
  }

  #own(): AudienceReport[] {
    const reports = [];
    for (const { channels, members } of this.#hub.audiences) {
      if (members.size > 0) reports.push({ channels, streams: members.size });
    }
    return reports;
  }
}

/** One stream counts once, however many of its channels and patterns match. */
function reaching({ named, patterned }: Listeners): (channel: string) => number {
  return (channel) => {
    let streams = named.get(channel) ?? 0;
    for (const audience of patterned) {
      const { channels } = audience;
      if (channels.some((name) => isPattern(name) && matches(name, channel)) && !channels.includes(channel))
        streams += audience.streams;
    }
    return streams;
  };
}
