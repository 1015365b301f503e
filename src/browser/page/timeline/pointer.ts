import { part } from '../element.ts';
import { type Found, find, type Mark, neighbour, timeOf } from './find.ts';
import { HOURS } from './hours.ts';
import { DAY_MS, type Lane } from './lane.ts';
import { hourAt } from './paintHours.ts';
import type { Picture } from './picture.ts';
import type { Stretch } from './stretch.ts';
import { Tip } from './tip.ts';
import { foundWords, hourWords } from './words.ts';

/** As close as a finger comes. */
const REACH = 8;

type Place = { readonly x: number; readonly y: number };

/** What is pointed at, with a hand or step by step with keys, and what is said of it. */
export class Pointer {
  readonly #plot: HTMLElement;
  readonly #picture: Picture;
  readonly #stretch: Stretch;
  readonly #tip: Tip;
  #lane: Lane | undefined;
  #found: Found | undefined;
  #hour: number | undefined;

  constructor(root: HTMLElement, picture: Picture, stretch: Stretch) {
    this.#plot = part(root, 'plot');
    this.#picture = picture;
    this.#stretch = stretch;
    this.#tip = new Tip(root);
  }

  get chosen(): { lane: Lane; at: number } | undefined {
    if (!this.#lane || !this.#found || !('mark' in this.#found)) return undefined;
    return { lane: this.#lane, at: timeOf(this.#found.mark) };
  }

  /** true: something is pointed at that was not. */
  at(place: Place | undefined, lanes: readonly Lane[], now: number): boolean {
    const before = this.#found;
    const wasHour = this.#hour;
    this.clear();
    if (!place) return before !== undefined;
    const { layout, step } = this.#picture;
    const index = Math.floor(place.y / layout.laneHeight);
    const lane = lanes[index];
    if (!lane) return before !== undefined;
    this.#lane = lane;
    const { hours, plot } = layout;
    const inHours = !layout.narrow || place.y - index * layout.laneHeight < plot.top;
    if (inHours && lane.direction === 'in') this.#hour = hourAt(hours, place.x);
    if (this.#hour === undefined && place.x >= plot.left - REACH && place.x <= plot.left + plot.width + REACH)
      this.#found = find(lane, this.#picture.timeAt(place.x), REACH * step, now);
    return before !== this.#found || wasHour !== this.#hour;
  }

  /** To the mark before or after on this lane. */
  step(by: 1 | -1, lanes: readonly Lane[], now: number): void {
    const lane = lanes[this.#placeIn(lanes)];
    if (!lane) return;
    this.#lane = lane;
    const known = this.#found && 'mark' in this.#found ? this.#found.mark : undefined;
    const marks = lane.marks(now - DAY_MS, now);
    const shown = known ? marks : marks.filter((mark) => timeOf(mark) <= this.#stretch.to(now));
    this.#choose(lane, neighbour(shown, known, by), now);
  }

  /** To the pin above or below, and there to the mark that is nearest in time. */
  change(by: 1 | -1, lanes: readonly Lane[], now: number): void {
    const index = Math.max(0, Math.min(lanes.length - 1, this.#placeIn(lanes) + by));
    const lane = lanes[index];
    if (!lane) return;
    this.#lane = lane;
    const { laneHeight } = this.#picture.layout;
    const top = index * laneHeight;
    if (top < this.#plot.scrollTop) this.#plot.scrollTop = top;
    const bottom = top + 2 * laneHeight - this.#plot.clientHeight;
    if (bottom > this.#plot.scrollTop) this.#plot.scrollTop = bottom;
    this.#hour = undefined;
    const [from, to] = [this.#stretch.from(now), this.#stretch.to(now)];
    const last = lane.marks(from, to).findLast((mark) => timeOf(mark) >= from);
    if (last) this.#choose(lane, last, now);
    else {
      this.#found = undefined;
      this.#tip.say(`${lane.name}: no marks in the time that is shown`);
    }
  }

  say(words: string): void {
    this.#tip.say(words);
  }

  clear(): void {
    this.#found = undefined;
    this.#hour = undefined;
    this.#tip.hide();
  }

  /** After each drawing: what is pointed at moves, and a held bar grows. */
  show(lanes: readonly Lane[], now: number): void {
    const lane = this.#lane;
    // Its pin may be gone.
    if (!lane || !lanes.includes(lane)) {
      this.clear();
      return;
    }
    const place = this.#placeIn(lanes);
    const { layout } = this.#picture;
    if (this.#hour !== undefined) {
      const hour = lane.hours(now)[this.#hour];
      const x = layout.hours.left + ((this.#hour + 0.5) * layout.hours.width) / HOURS;
      if (hour) this.#tell(lane, place, hourWords(hour, this.#hour === HOURS - 1), x);
      return;
    }
    if (!this.#found) {
      this.#tip.hide();
      return;
    }
    const at = 'mark' in this.#found ? timeOf(this.#found.mark) : this.#found.gap.from;
    const x = this.#picture.xOf(at);
    const { left, width } = layout.plot;
    this.#tell(lane, place, foundWords(this.#found, now), Math.max(left, Math.min(left + width, x)));
  }

  /** Pins may change places while one is pointed at. Without one it is the first. */
  #placeIn(lanes: readonly Lane[]): number {
    return this.#lane ? Math.max(0, lanes.indexOf(this.#lane)) : 0;
  }

  #tell({ name }: Lane, place: number, words: string, x: number): void {
    this.#tip.show(name, words, x, place, this.#picture.layout, this.#plot.scrollTop);
  }

  #choose(lane: Lane, mark: Mark | undefined, now: number): void {
    this.#hour = undefined;
    if (!mark) {
      this.#tip.say(`${lane.name}: no further marks`);
      return;
    }
    this.#found = { mark, among: 1 };
    this.#stretch.show(timeOf(mark), now);
    this.#tip.say(`${lane.name}: ${foundWords(this.#found, now)}`);
  }
}
