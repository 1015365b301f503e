import type { Status } from './api.ts';
import { Line } from './line.ts';
import type { Asking, Place, Saying } from './messages.ts';
import type { Refusal } from './request.ts';

/** A tab that was not heard of for so long is gone: hidden ones speak once a minute at least. */
const GONE = 180_000;
const LOOK = 60_000;

interface Tab {
  readonly names: readonly string[];
  /** The server has let it have its channels. */
  granted: boolean;
  heardAt: number;
}

/** One line for many tabs. Each says which channels it wants; what is heard is said to all, and each takes its own. */
export class Hub {
  readonly #line: Line;
  readonly #tabs = new Map<string, Tab>();
  readonly #post: (to: string | undefined, sayings: readonly Saying[]) => void;
  readonly #looking: ReturnType<typeof setInterval>;
  #status: Status = { state: 'connecting', reason: '' };
  /** All together were refused: one tab after the other, to find out whose fault it is. */
  #careful = false;

  /** `post`: to one tab, or to all. */
  constructor(place: Place, post: (to: string | undefined, sayings: readonly Saying[]) => void) {
    this.#post = post;
    this.#line = new Line(place, {
      say: (...sayings) => this.#say(sayings),
      refused: (refusal) => this.#refuse(refusal),
    });
    this.#looking = setInterval(() => this.#forget(), LOOK);
  }

  has(id: string): boolean {
    return this.#tabs.has(id);
  }

  hear(id: string, asking: Asking): void {
    const tab = this.#tabs.get(id);
    if (tab) tab.heardAt = Date.now();
    if (asking.type === 'want') {
      this.#tabs.set(id, { names: asking.names, granted: false, heardAt: Date.now() });
      const { cursor, heard } = this.#line.track;
      const names = asking.names.filter((name) => heard.has(name));
      this.#post(id, [
        { type: 'status', status: this.#status },
        ...(names.length > 0 ? [{ type: 'from', cursor, names } as const] : []),
      ]);
      this.#want();
    } else if (asking.type === 'bye') {
      if (this.#tabs.delete(id)) this.#want();
    } else if (!tab) {
      this.#post(id, [{ type: 'unknown' }]);
    } else if (asking.type === 'wake') {
      this.#line.wake(asking.always);
    } else {
      this.#post(id, [{ type: 'here' }]);
    }
  }

  close(): void {
    clearInterval(this.#looking);
    this.#tabs.clear();
    this.#line.want([]);
  }

  #say(sayings: readonly Saying[]): void {
    for (const saying of sayings) if (saying.type === 'status') this.#status = saying.status;
    this.#post(undefined, sayings);
    if (this.#careful && sayings.some(({ type }) => type === 'from')) this.#want();
  }

  #want(): void {
    const names = new Set<string>();
    for (const tab of this.#tabs.values()) tab.granted ||= this.#isHeard(tab);
    const doubtful = [...this.#tabs.values()].filter(({ granted }) => !granted);
    this.#careful &&= doubtful.length > 0;
    for (const tab of this.#tabs.values()) {
      if (!this.#careful || tab.granted || tab === doubtful[0]) for (const name of tab.names) names.add(name);
    }
    this.#line.want([...names].sort());
  }

  #isHeard({ names }: Tab): boolean {
    return names.every((name) => this.#line.track.heard.has(name));
  }

  #refuse({ status, message: reason }: Refusal): void {
    for (const tab of this.#tabs.values()) tab.granted = this.#isHeard(tab);
    const doubtful = [...this.#tabs].filter(([, { granted }]) => !granted);
    if (this.#careful || doubtful.length === 1) {
      const [id = ''] = doubtful[0] ?? [];
      this.#tabs.delete(id);
      this.#post(id, [{ type: 'refused', status, reason }]);
    }
    this.#careful = true;
    this.#want();
  }

  #forget(): void {
    for (const [id, { heardAt }] of this.#tabs) if (Date.now() - heardAt > GONE) this.#tabs.delete(id);
    this.#want();
  }
}
