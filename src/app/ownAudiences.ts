import { type AudienceReport, reaching } from '../bus/listeners.ts';
import { isPattern } from '../contract/channel.ts';
import type { Audience } from './sse/audience.ts';
import type { Hub } from './sse/hub.ts';

/** How many channels' counts are remembered, so that a chatty one is counted once. */
const MOST_COUNTED = 10_000;

/** Who listens at this app. What was counted holds until somebody comes or goes. */
export class OwnAudiences {
  readonly #hub: Hub;
  #reports: readonly AudienceReport[] = [];
  /** The audience of each report. */
  #of: readonly Audience[] = [];
  #patterned: readonly AudienceReport[] = [];
  readonly #counted = new Map<string, number>();

  constructor(hub: Hub) {
    this.#hub = hub;
  }

  /** As it was at the last look. */
  get reports(): readonly AudienceReport[] {
    return this.#reports;
  }

  /** The same list as before as long as nobody has come or gone. */
  look(): readonly AudienceReport[] {
    if (!this.#isSame()) this.#count();
    return this.#reports;
  }

  /** How many streams a channel reached at the last look. */
  streams(channel: string): number {
    const known = this.#counted.get(channel);
    if (known !== undefined) return known;
    const named = this.#reports.reduce(
      (sum, { channels, streams }) => sum + (channels.includes(channel) ? streams : 0),
      0,
    );
    const all = reaching({ named: new Map([[channel, named]]), patterned: this.#patterned }, channel);
    if (this.#counted.size >= MOST_COUNTED) this.#counted.clear();
    this.#counted.set(channel, all);
    return all;
  }

  #isSame(): boolean {
    let i = 0;
    for (const audience of this.#hub.audiences) {
      const { size } = audience.members;
      if (size === 0) continue;
      if (this.#of[i] !== audience || this.#reports[i]?.streams !== size) return false;
      i++;
    }
    return i === this.#reports.length;
  }

  #count(): void {
    const of: Audience[] = [];
    for (const audience of this.#hub.audiences) if (audience.members.size > 0) of.push(audience);
    this.#of = of;
    this.#reports = of.map(({ channels, members }) => ({ channels, streams: members.size }));
    this.#patterned = this.#reports.filter(({ channels }) => channels.some(isPattern));
    this.#counted.clear();
  }
}
