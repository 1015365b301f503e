import type { AudienceReport, Board } from '../bus/board.ts';
import { isPattern, matches } from '../contract/channel.ts';
import type { Hub } from './sse/hub.ts';

const REPORT_MS = 2_000;

/** Who listens to what, over all apps, as each last reported it: streams, and long polls that wait. */
export class Listening {
  readonly #board: Board;
  readonly #hub: Hub;
  #timer: NodeJS.Timeout | undefined;

  constructor(board: Board, hub: Hub) {
    this.#board = board;
    this.#hub = hub;
  }

  start(): void {
    this.#timer = setInterval(() => void this.report().catch(() => undefined), REPORT_MS);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async report(): Promise<void> {
    await this.#board.report(this.#own());
  }

  /** Counts the streams that a channel reaches. One stream counts once, however many of its channels and patterns match. */
  async counter(): Promise<(channel: string) => number> {
    await this.report();
    const reports = await this.#board.reports();
    return (channel) =>
      reports.reduce((sum, { channels, streams }) => sum + (reaches(channels, channel) ? streams : 0), 0);
  }

  /** All channels and patterns that are listened to, with the streams that named them. */
  async names(): Promise<Map<string, number>> {
    await this.report();
    const names = new Map<string, number>();
    for (const { channels, streams } of await this.#board.reports()) {
      for (const name of channels) names.set(name, (names.get(name) ?? 0) + streams);
    }
    return names;
  }

  #own(): AudienceReport[] {
    const reports = [];
    for (const { channels, members } of this.#hub.audiences) {
      if (members.size > 0) reports.push({ channels, streams: members.size });
    }
    return reports;
  }
}

function reaches(channels: readonly string[], channel: string): boolean {
  return channels.some((name) => (isPattern(name) ? matches(name, channel) : name === channel));
}
