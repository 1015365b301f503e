import type { AudienceReport } from '../bus/listeners.ts';
import type { Audience } from './sse/audience.ts';
import type { Hub } from './sse/hub.ts';

/** Who listens at this app. */
export class OwnAudiences {
  readonly #hub: Hub;
  #reports: readonly AudienceReport[] = [];
  /** The audience of each report. */
  #of: readonly Audience[] = [];

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
  }
}
