const CALM = '(prefers-reduced-motion: reduce)';
const CALM_MS = 1_000;

/**
 * When to draw: once for all that has changed since the last frame, and when time has moved on by a pixel. Nothing is
 * drawn that nobody can see, in a hidden tab or scrolled out of sight, and no timer runs then.
 */
export class Pace {
  readonly #draw: () => number;
  readonly #calm = matchMedia(CALM);
  #inSight = true;
  #frame: number | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** `draw` answers in how many milliseconds it would look different. */
  constructor(element: Element, draw: () => number) {
    this.#draw = draw;
    document.addEventListener('visibilitychange', () => this.#look());
    new IntersectionObserver((entries) => {
      this.#inSight = entries.at(-1)?.isIntersecting ?? true;
      this.#look();
    }).observe(element);
  }

  /** Something is to be seen that was not there. */
  ask(): void {
    if (this.#frame !== undefined || !this.#isSeen) return;
    this.#frame = requestAnimationFrame(() => this.#run());
  }

  get #isSeen(): boolean {
    return this.#inSight && document.visibilityState === 'visible';
  }

  #look(): void {
    if (this.#isSeen) this.ask();
    else clearTimeout(this.#timer);
  }

  #run(): void {
    this.#frame = undefined;
    clearTimeout(this.#timer);
    const wait = this.#draw();
    if (!Number.isFinite(wait)) return;
    const least = this.#calm.matches ? CALM_MS : 0;
    this.#timer = setTimeout(() => this.ask(), Math.max(least, wait));
  }
}
