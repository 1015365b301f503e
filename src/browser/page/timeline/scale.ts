import type { Layout } from './layout.ts';
import type { Stretch } from './stretch.ts';

/**
 * From times to pixels of the screen. Time is cut into steps of a pixel each, counted from 1970: what is shown moves by
 * whole pixels, all of it together, and no mark trembles against another one.
 */
export class Scale {
  readonly from: number;
  readonly to: number;
  /** Milliseconds for each pixel. */
  readonly step: number;
  readonly left: number;
  readonly width: number;
  /** The pixel of all time that stands at the left edge. */
  readonly shift: number;

  constructor(stretch: Stretch, now: number, { plot }: Layout, ratio: number) {
    this.left = Math.round(plot.left * ratio);
    this.width = Math.max(1, Math.round(plot.width * ratio));
    this.step = stretch.span / this.width;
    this.to = stretch.to(now);
    this.from = stretch.from(now);
    this.shift = Math.floor(this.from / this.step);
  }

  get right(): number {
    return this.left + this.width;
  }

  x(at: number): number {
    return this.left + Math.floor(at / this.step) - this.shift;
  }

  /** Not beyond the edges. */
  inside(at: number): number {
    return Math.min(this.right, Math.max(this.left, this.x(at)));
  }
}
