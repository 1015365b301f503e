/** Where the time axis has its lines. */
export interface Tick {
  readonly at: number;
  readonly label: string;
  /** A day begins. */
  readonly day: boolean;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const STEPS = [
  ...[1, 2, 5, 10, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 30].map((count) => count * MINUTE),
  ...[1, 3, 6, 12].map((count) => count * HOUR),
];

/** Round times of the person's clock, at most so many. */
export function ticks(from: number, to: number, most: number): readonly Tick[] {
  const step = STEPS.find((one) => (to - from) / one <= most) ?? 24 * HOUR;
  const found: Tick[] = [];
  for (let at = first(from, step); at <= to; at = next(at, step)) {
    if (at >= from) found.push({ at, label: labelOf(new Date(at), step), day: isMidnight(new Date(at)) });
  }
  return found;
}

/** The last round time before. Hours are counted from midnight as the clock shows it: days may have 23 or 25 of them. */
function first(from: number, step: number): number {
  const date = new Date(from);
  date.setMilliseconds(0);
  if (step < MINUTE) date.setSeconds(down(date.getSeconds(), step / SECOND));
  else if (step < HOUR) date.setMinutes(down(date.getMinutes(), step / MINUTE), 0);
  else date.setHours(down(date.getHours(), step / HOUR), 0, 0);
  return date.getTime();
}

function next(at: number, step: number): number {
  if (step < HOUR) return at + step;
  const date = new Date(at);
  date.setHours(date.getHours() + step / HOUR);
  // Where an hour is left out, setting it may lead back to the same time.
  return Math.max(date.getTime(), at + HOUR);
}

function down(value: number, step: number): number {
  return value - (value % step);
}

function isMidnight(date: Date): boolean {
  return date.getHours() === 0 && date.getMinutes() === 0 && date.getSeconds() === 0;
}

function labelOf(date: Date, step: number): string {
  if (isMidnight(date)) return `${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const minutes = `${two(date.getHours())}:${two(date.getMinutes())}`;
  return step < MINUTE ? `${minutes}:${two(date.getSeconds())}` : minutes;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
