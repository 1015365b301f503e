/** What a pin's channel says, and how a press is worded. */

export const GESTURES = ['press', 'release', 'click', 'double-click', 'long-press'] as const;
export type Gesture = (typeof GESTURES)[number];

/** The data of an event on a pin's channel, as JSON. */
export interface GestureData {
  readonly pin: string;
  readonly gpio: number;
  /** Which press it belongs to; counts up for good. */
  readonly press: number;
  /** When it happened: UTC, to the microsecond. */
  readonly at: string;
  /** For how many milliseconds the pin was held. */
  readonly held?: number;
  readonly text: string;
}

/** `Button press #42 @ 2026-11-20 20:00:00.123456`, in local time: the words of the first rpi-mybutton-sse (S1.4). */
export function gestureText(pin: string, gesture: Gesture, press: number, at: number): string {
  const title = pin.slice(0, 1).toUpperCase() + pin.slice(1);
  return `${title} ${gesture} #${press} @ ${localTime(at)}`;
}

/** Milliseconds since 1970 as `2026-11-20T20:00:00.123456Z`. */
export function utcTime(at: number): string {
  const { ms, micros } = split(at);
  return `${new Date(ms).toISOString().slice(0, 19)}.${micros}Z`;
}

function localTime(at: number): string {
  const { ms, micros } = split(at);
  const d = new Date(ms);
  const date = `${d.getFullYear()}-${two(d.getMonth() + 1)}-${two(d.getDate())}`;
  return `${date} ${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}.${micros}`;
}

function split(at: number): { ms: number; micros: string } {
  const total = Math.floor(at * 1000 + 0.5);
  const ms = Math.floor(total / 1000);
  const micros = (((ms % 1000) + 1000) % 1000) * 1000 + (total - ms * 1000);
  return { ms, micros: String(micros).padStart(6, '0') };
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
