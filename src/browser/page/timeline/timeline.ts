import type { Gap, PinstreamEvent } from '../../client.ts';
import type { WireDevice } from '../../wire.ts';
import { part } from '../element.ts';
import { Figures } from './figures.ts';
import { Hand } from './hand.ts';
import { History } from './history.ts';
import { act, type KeyActions } from './keys.ts';
import { Model } from './model.ts';
import { Pace } from './pace.ts';
import { Picture } from './picture.ts';
import { Pointer } from './pointer.ts';
import { ServerClock } from './serverClock.ts';
import { spanOf } from './spans.ts';
import { Stretch } from './stretch.ts';
import { type SpanView, Tools } from './tools.ts';
import { duration, timeWords } from './words.ts';

/** How often what is older than a day is let go. */
const FORGET_MS = 60_000;

/** Each pin over time, as it happens: its presses, how long it was held, and what nobody can know. */
export class Timeline {
  readonly #root: HTMLElement;
  readonly #plot: HTMLElement;
  readonly #clock = new ServerClock();
  readonly #model = new Model();
  readonly #stretch: Stretch;
  readonly #picture: Picture;
  readonly #pointer: Pointer;
  readonly #tools: Tools;
  readonly #figures: Figures;
  readonly #pace: Pace;
  readonly #history: History;
  #deafSince: number | undefined;
  #isLive = false;
  #forgotten = Number.NEGATIVE_INFINITY;
  /** The device or the log has said something since the figures were told. */
  #anew = true;

  constructor(root: HTMLElement, view: SpanView) {
    this.#root = root;
    this.#plot = part(root, 'plot');
    this.#stretch = new Stretch(spanOf(view.span));
    const ask = () => this.#pace.ask();
    this.#picture = new Picture(root, ask);
    this.#pointer = new Pointer(root, this.#picture, this.#stretch);
    this.#tools = new Tools(root, this.#stretch, view, () => this.#clock.now, ask);
    this.#figures = new Figures(root, ask);
    this.#pace = new Pace(root, () => this.#draw());
    this.#history = new History({
      heard: (events) => this.#recall(events),
      complete: (channel) => this.#complete(channel),
      told: (date) => this.#clock.told(date),
    });
    this.#listen();
  }

  event(event: PinstreamEvent): void {
    this.#clock.heard(event.at);
    if (this.#model.event(event)) this.#pace.ask();
  }

  gap(gap: Gap): void {
    this.#model.gap(gap, this.#clock.now);
    if (gap.channel === undefined) this.#history.want(this.#model.lanes.map(({ name }) => name));
    this.#pace.ask();
  }

  device(device: WireDevice): void {
    const found = this.#model.device(device, this.#clock.now);
    if (found.length > 0) this.#history.want(found);
    this.#anew = true;
    this.#pace.ask();
  }

  live(live: boolean): void {
    if (live === this.#isLive) return;
    this.#isLive = live;
    // What was missed is replayed, or told as a gap: once it is live again there is nothing left to mark.
    this.#deafSince = live ? undefined : this.#clock.now;
    if (live) void this.#history.retry();
    this.#pace.ask();
  }

  #recall(events: readonly PinstreamEvent[]): void {
    for (const event of events) this.#model.event(event);
    this.#pace.ask();
  }

  #complete(channel: string): void {
    this.#model.told(channel);
    this.#anew = true;
    this.#pace.ask();
  }

  #draw(): number {
    const { now } = this.#clock;
    this.#forget(now);
    const { lanes } = this.#model;
    const empty = lanes.length === 0;
    if (this.#plot.hidden !== empty) this.#plot.hidden = part(this.#root, 'tools').hidden = empty;
    part(this.#root, 'none').hidden = !empty;
    if (empty) return Number.POSITIVE_INFINITY;
    const { chosen } = this.#pointer;
    const wait = this.#picture.draw({
      lanes,
      stretch: this.#stretch,
      now,
      deafSince: this.#deafSince,
      chosen,
    });
    this.#pointer.show(lanes, now);
    this.#tools.show();
    this.#figures.show(lanes, now, this.#anew);
    this.#anew = false;
    return wait;
  }

  #forget(now: number): void {
    if (Math.abs(now - this.#forgotten) < FORGET_MS) return;
    this.#forgotten = now;
    this.#model.forget(now);
  }

  #listen(): void {
    const changed = () => this.#pace.ask();
    new Hand(this.#plot, {
      drag: (by) => {
        this.#stretch.pan(-by * this.#picture.step, this.#clock.now);
        changed();
      },
      zoom: (factor, x) => {
        this.#stretch.zoom(factor, this.#clock.now, this.#picture.timeAt(x));
        changed();
      },
      point: (place) => {
        if (this.#pointer.at(place, this.#model.lanes, this.#clock.now)) changed();
      },
    });
    this.#plot.addEventListener('scroll', changed, { passive: true });
    this.#plot.addEventListener('blur', () => {
      this.#pointer.clear();
      changed();
    });
    const actions = this.#keyActions();
    this.#plot.addEventListener('keydown', (event) => {
      if (event.ctrlKey || event.metaKey || event.altKey || !act(event.key, event.shiftKey, actions)) return;
      event.preventDefault();
      changed();
    });
  }

  #keyActions(): KeyActions {
    const now = () => this.#clock.now;
    const shown = () => this.#pointer.say(this.#shown());
    return {
      step: (by) => this.#pointer.step(by, this.#model.lanes, now()),
      change: (by) => this.#pointer.change(by, this.#model.lanes, now()),
      zoom: (factor) => {
        this.#stretch.zoom(factor, now(), this.#pointer.chosen?.at);
        shown();
      },
      pan: (share) => {
        this.#stretch.pan(share * this.#stretch.span, now());
        shown();
      },
      follow: () => {
        this.#stretch.follow();
        shown();
      },
      leave: () => this.#pointer.clear(),
    };
  }

  #shown(): string {
    const until = this.#stretch.isFollowing ? 'now' : timeWords(this.#stretch.to(this.#clock.now));
    return `${duration(this.#stretch.span)} shown, until ${until}`;
  }
}
