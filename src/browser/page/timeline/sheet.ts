import type { Ink, InkPot } from './ink.ts';

/**
 * A canvas that is measured in CSS pixels and painted in those of the screen: hairlines are one of these, and every
 * edge stands on one, since half a pixel is a grey blur.
 */
export class Sheet {
  readonly canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #pot: InkPot;
  #ratio = 1;

  constructor(canvas: HTMLCanvasElement, pot: InkPot) {
    this.canvas = canvas;
    this.#context = canvas.getContext('2d') as CanvasRenderingContext2D;
    this.#pot = pot;
  }

  get ink(): Ink {
    return this.#pot.ink;
  }

  /** Screen pixels for each CSS pixel. */
  get ratio(): number {
    return this.#ratio;
  }

  /** Empty, and of this size. */
  begin(width: number, height: number): void {
    this.#ratio = devicePixelRatio || 1;
    const [wide, high] = [this.px(width), this.px(height)];
    const { canvas } = this;
    if (canvas.width !== wide || canvas.height !== high) Object.assign(canvas, { width: wide, height: high });
    this.#context.clearRect(0, 0, wide, high);
  }

  px(length: number): number {
    return Math.round(length * this.#ratio);
  }

  /** In pixels of the screen, as everything below. */
  fill(color: string, x: number, y: number, width: number, height: number): void {
    if (width <= 0 || height <= 0) return;
    this.#context.fillStyle = color;
    this.#context.fillRect(Math.round(x), Math.round(y), Math.round(width), Math.round(height));
  }

  /** `shift`: by how much what is shown has moved, so that the lines move with it and do not flicker. */
  hatch(color: string, x: number, y: number, width: number, height: number, shift: number): void {
    if (width <= 0) return;
    const context = this.#context;
    const space = this.px(6);
    context.save();
    context.beginPath();
    context.rect(x, y, width, height);
    context.clip();
    context.beginPath();
    const begin = x - height - space + ((((-shift - x + height) % space) + space) % space);
    for (let at = begin; at < x + width; at += space) {
      context.moveTo(at, y + height);
      context.lineTo(at + height, y);
    }
    context.strokeStyle = color;
    context.lineWidth = Math.max(1, this.#ratio);
    context.stroke();
    context.restore();
  }

  /** A line of short strokes. */
  dashes(color: string, x: number, y: number, width: number, shift: number): void {
    const [stroke, space] = [this.px(2), this.px(5)];
    const begin = x - ((((x + shift) % space) + space) % space);
    for (let at = begin; at < x + width; at += space) {
      const from = Math.max(x, at);
      this.fill(color, from, y, Math.min(at + stroke, x + width) - from, this.hair);
    }
  }

  get hair(): number {
    return Math.max(1, Math.floor(this.#ratio));
  }

  /** On a ground of its own, when the style has one. */
  text(words: string, x: number, y: number, style: TextStyle): void {
    const context = this.#context;
    context.font = this.#fontOf(style);
    context.textBaseline = 'middle';
    context.textAlign = style.align ?? 'left';
    if (style.ground) {
      const width = context.measureText(words).width + this.px(8);
      this.fill(style.ground, x - width / 2, y - this.px(8), width, this.px(16));
    }
    context.fillStyle = style.color;
    context.fillText(words, Math.round(x), Math.round(y));
  }

  measure(words: string, style: TextStyle): number {
    this.#context.font = this.#fontOf(style);
    return this.#context.measureText(words).width;
  }

  #fontOf({ strong }: TextStyle): string {
    return `${strong ? 650 : 400} ${this.px(11)}px ${this.ink.font}`;
  }
}

export interface TextStyle {
  readonly color: string;
  readonly align?: CanvasTextAlign;
  readonly strong?: boolean;
  readonly ground?: string;
}
