import { el, part } from '../element.ts';
import { InkPot } from './ink.ts';
import type { Lane } from './lane.ts';
import { type Layout, layoutOf } from './layout.ts';
import { paintAxis, paintGrid, paintHoursAxis, ticksOf } from './paintAxis.ts';
import { paintHours } from './paintHours.ts';
import { paintLane, placeIn } from './paintLane.ts';
import { Scale } from './scale.ts';
import { Sheet } from './sheet.ts';
import type { Stretch } from './stretch.ts';
import type { Tick } from './ticks.ts';
import { figure } from './words.ts';

const AXIS_HEIGHT = 22;

/** What is to be seen at one moment. */
export interface Scene {
  readonly lanes: readonly Lane[];
  readonly stretch: Stretch;
  readonly now: number;
  /** Since when this page hears nothing. */
  readonly deafSince: number | undefined;
  /** The time that is pointed at, and on which lane. */
  readonly chosen: { readonly lane: Lane; readonly at: number } | undefined;
}

/** The lanes and the axis below them, on canvases as wide as there is room; the names beside them are ordinary text. */
export class Picture {
  readonly #plot: HTMLElement;
  readonly #labels: HTMLElement;
  readonly #lanes: Sheet;
  readonly #axis: Sheet;
  #layout: Layout = layoutOf(0, 0);
  #scale: Scale | undefined;
  #names = '';

  constructor(root: HTMLElement, changed: () => void) {
    this.#plot = part(root, 'plot');
    this.#labels = part(root, 'labels');
    const pot = new InkPot(root, changed);
    this.#lanes = new Sheet(part(root, 'lanes'), pot);
    this.#axis = new Sheet(part(root, 'axis'), pot);
    new ResizeObserver(changed).observe(this.#plot);
  }

  get layout(): Layout {
    return this.#layout;
  }

  /** Milliseconds for each CSS pixel. */
  get step(): number {
    return (this.#scale?.step ?? 1) * this.#lanes.ratio;
  }

  timeAt(x: number): number {
    return (this.#scale?.from ?? 0) + (x - this.#layout.plot.left) * this.step;
  }

  xOf(at: number): number {
    return this.#layout.plot.left + (at - (this.#scale?.from ?? 0)) / this.step;
  }

  /** Answers in how many milliseconds time has moved on by a pixel of the screen. */
  draw(scene: Scene): number {
    const { lanes, stretch, now } = scene;
    this.#layout = layoutOf(this.#plot.clientWidth, lanes.length);
    const { width, height } = this.#layout;
    this.#size(width, height);
    this.#lanes.begin(width, height);
    this.#axis.begin(width, AXIS_HEIGHT);
    const scale = new Scale(stretch, now, this.#layout, this.#lanes.ratio);
    this.#scale = scale;
    const marks = ticksOf(this.#lanes, scale);
    paintAxis(this.#axis, scale, marks, AXIS_HEIGHT, stretch.isFollowing);
    if (!this.#layout.narrow && lanes.some(({ direction }) => direction === 'in'))
      paintHoursAxis(this.#axis, this.#layout.hours, AXIS_HEIGHT);
    const figures = lanes.map((lane, i) => this.#drawLane(scene, scale, marks, lane, i));
    this.#label(lanes, figures);
    this.#note(scene, scale);
    return stretch.isFollowing ? scale.step : Number.POSITIVE_INFINITY;
  }

  #drawLane(
    { now, deafSince, chosen }: Scene,
    scale: Scale,
    marks: readonly Tick[],
    lane: Lane,
    i: number,
  ): string {
    const { plot, hours, laneHeight, narrow } = this.#layout;
    const top = i * laneHeight;
    const place = placeIn(this.#lanes, scale, plot, top, now);
    const ground = narrow ? plot : { ...plot, top: 0, height: laneHeight };
    paintGrid(placeIn(this.#lanes, scale, ground, top, now), marks);
    if (chosen?.lane === lane) {
      const x = scale.inside(chosen.at) + this.#lanes.hair;
      const wide = this.#lanes.px(12);
      this.#lanes.fill(this.#lanes.ink.tint, x - wide / 2, place.top, wide, place.height);
    }
    paintLane(place, lane, deafSince);
    if (i > 0)
      this.#lanes.fill(
        this.#lanes.ink.line,
        0,
        this.#lanes.px(top),
        this.#lanes.px(this.#layout.width),
        this.#lanes.hair,
      );
    if (lane.direction === 'out') return '';
    const counted = lane.hours(now);
    paintHours(this.#lanes, hours, top, counted);
    return figure(counted);
  }

  #size(width: number, height: number): void {
    const { style } = this.#lanes.canvas;
    if (style.height !== `${height}px`) style.height = `${height}px`;
    if (style.width !== `${width}px`) style.width = this.#axis.canvas.style.width = `${width}px`;
    const { narrow, laneHeight, plot, hours } = this.#layout;
    this.#plot.classList.toggle('narrow', narrow);
    const sizes = {
      'lane-height': laneHeight,
      'label-width': plot.left,
      'plot-width': plot.width,
      'hours-width': hours.width,
    };
    for (const [name, size] of Object.entries(sizes)) {
      if (this.#plot.style.getPropertyValue(`--${name}`) !== `${size}px`)
        this.#plot.style.setProperty(`--${name}`, `${size}px`);
    }
  }

  /** Only what is new is written: texts that stay are left alone. */
  #label(lanes: readonly Lane[], figures: readonly string[]): void {
    const names = JSON.stringify(lanes.map(({ name }) => name));
    if (names !== this.#names) {
      this.#names = names;
      const rows = lanes.map(({ name }) =>
        el(
          'li',
          {},
          el('span', { class: 'lane-name', dir: 'auto' }, name),
          el('span', { class: 'lane-figure' }),
        ),
      );
      this.#labels.replaceChildren(...rows);
    }
    figures.forEach((text, i) => {
      const cell = this.#labels.children[i]?.lastElementChild;
      if (cell && cell.textContent !== text) cell.textContent = text;
    });
  }

  /** What is on the canvas, for whoever cannot see it: a test, or somebody who looks for a fault. */
  #note({ lanes }: Scene, { from, to }: Scale): void {
    const newest = lanes
      .flatMap(({ newest }) => newest ?? [])
      .reduce<{ from: number; id: string } | undefined>(
        (best, press) => (best && best.from > press.from ? best : press),
        undefined,
      );
    const { dataset } = this.#lanes.canvas;
    dataset.newest = newest?.id ?? '';
    dataset.marks = String(lanes.reduce((sum, { size }) => sum + size, 0));
    dataset.from = String(Math.round(from));
    dataset.to = String(Math.round(to));
  }
}
