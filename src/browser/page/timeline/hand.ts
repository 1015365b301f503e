/** What a hand wants of the plot; in CSS pixels from its left and upper edge. */
export interface HandActions {
  /** To the right by so many pixels: what was before comes into sight. */
  drag(by: number): void;
  zoom(factor: number, x: number): void;
  /** It points there; undefined: nowhere. */
  point(place: { readonly x: number; readonly y: number } | undefined): void;
}

interface Finger {
  x: number;
  y: number;
}

/** A finger that rests trembles. */
const STILL = 4;
const DOUBLE_MS = 350;
const DOUBLE_PIXELS = 24;
const CLOSEST = 12;

/** Mouse, fingers and wheel. The page scrolls as ever: up and down, and with a wheel alone, belong to it. */
export class Hand {
  readonly #element: HTMLElement;
  readonly #actions: HandActions;
  readonly #fingers = new Map<number, Finger>();
  #start: Finger = { x: 0, y: 0 };
  #moved = false;
  #lastTap = { x: 0, y: 0, time: Number.NEGATIVE_INFINITY };

  constructor(element: HTMLElement, actions: HandActions) {
    this.#element = element;
    this.#actions = actions;
    element.addEventListener('pointerdown', (event) => this.#down(event));
    element.addEventListener('pointermove', (event) => this.#move(event));
    element.addEventListener('pointerup', (event) => this.#up(event));
    element.addEventListener('pointercancel', (event) => this.#fingers.delete(event.pointerId));
    element.addEventListener('pointerleave', (event) => this.#leave(event));
    element.addEventListener('wheel', (event) => this.#wheel(event), { passive: false });
  }

  #down(event: PointerEvent): void {
    if (event.button !== 0) return;
    const place = this.#placeOf(event);
    this.#fingers.set(event.pointerId, place);
    if (this.#fingers.size > 1) {
      this.#moved = true;
      return;
    }
    this.#start = { ...place };
    this.#moved = false;
  }

  #move(event: PointerEvent): void {
    const place = this.#placeOf(event);
    const finger = this.#fingers.get(event.pointerId);
    if (!finger) {
      if (event.pointerType === 'mouse') this.#actions.point(place);
      return;
    }
    if (!this.#moved && Math.abs(place.x - this.#start.x) < STILL) return;
    if (!this.#moved) this.#element.setPointerCapture(event.pointerId);
    this.#moved = true;
    const before = middleOf(this.#fingers.values());
    Object.assign(finger, place);
    const after = middleOf(this.#fingers.values());
    if (after.spread > 0) this.#actions.zoom(before.spread / after.spread, after.x);
    this.#actions.drag(after.x - before.x);
  }

  #up(event: PointerEvent): void {
    if (!this.#fingers.delete(event.pointerId) || this.#moved) return;
    const { x, y } = this.#placeOf(event);
    const { x: lastX, y: lastY, time } = this.#lastTap;
    const twice = event.timeStamp - time < DOUBLE_MS && Math.hypot(x - lastX, y - lastY) < DOUBLE_PIXELS;
    this.#lastTap = { x, y, time: twice ? Number.NEGATIVE_INFINITY : event.timeStamp };
    if (twice) this.#actions.zoom(0.5, x);
    else this.#actions.point({ x, y });
  }

  #leave(event: PointerEvent): void {
    if (event.pointerType !== 'mouse') return;
    this.#fingers.delete(event.pointerId);
    this.#actions.point(undefined);
  }

  /** With ctrl it zooms, which is also what a touchpad sends for two fingers; sideways it goes through time. */
  #wheel(event: WheelEvent): void {
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
    if (event.ctrlKey) {
      event.preventDefault();
      const by = Math.max(-120, Math.min(120, event.deltaY * lines));
      this.#actions.zoom(Math.exp(by / 200), this.#placeOf(event).x);
    } else if (Math.abs(event.deltaX) > Math.abs(event.deltaY)) {
      event.preventDefault();
      this.#actions.drag(-event.deltaX * lines);
    }
  }

  #placeOf({ clientX, clientY }: MouseEvent): Finger {
    const { left, top } = this.#element.getBoundingClientRect();
    return {
      x: clientX - left - this.#element.clientLeft,
      y: clientY - top - this.#element.clientTop + this.#element.scrollTop,
    };
  }
}

/** `spread`: how far apart two fingers are; 0 for one. */
function middleOf(fingers: Iterable<Finger>): { x: number; spread: number } {
  const [one, two] = [...fingers] as [Finger, Finger?];
  if (!two) return { x: one.x, spread: 0 };
  return { x: (one.x + two.x) / 2, spread: Math.max(CLOSEST, Math.hypot(one.x - two.x, one.y - two.y)) };
}
