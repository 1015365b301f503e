import { figure } from '../figure.ts';
import { isTyping } from '../typing.ts';

/** More often, and nobody who listens to the page could do anything else. */
const PAUSE_MS = 10_000;
/** What comes together is told together. */
const GATHER_MS = 500;

/** Tells those who do not see the page that something came: how much, now and then, and never while they type. */
export class Speaker {
  readonly #region: HTMLElement;
  #count = 0;
  #last = Number.NEGATIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(region: HTMLElement) {
    this.#region = region;
  }

  heard(): void {
    this.#count++;
    if (this.#timer !== undefined) return;
    const wait = Math.max(GATHER_MS, this.#last + PAUSE_MS - performance.now());
    this.#timer = setTimeout(() => this.#speak(), wait);
  }

  hush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#count = 0;
  }

  #speak(): void {
    const count = this.#count;
    this.hush();
    if (document.hidden || isTyping(document.activeElement)) return;
    this.#last = performance.now();
    this.#region.textContent = count === 1 ? '1 new event' : `${figure(count)} new events`;
  }
}
