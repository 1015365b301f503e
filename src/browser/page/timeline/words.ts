import { clock, day } from '../time.ts';
import type { Found } from './find.ts';
import { HOUR_MS, HOURS, type Hour } from './hours.ts';
import type { Lane } from './lane.ts';
import type { Level } from './levels.ts';
import type { Press } from './presses.ts';

/** What the plot shows, as a person would say it. */

/** How long something took: as exactly as one wants to know it. What is rounded up to the next unit is said in that one. */
export function duration(ms: number): string {
  if (Math.round(ms) < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 59_500) return `${trimmed((ms / 1_000).toFixed(ms < 10_000 ? 1 : 0))} s`;
  if (ms < 3_599_500) return pair(Math.round(ms / 1_000), 'min', 's');
  return pair(Math.round(ms / 60_000), 'h', 'min');
}

function pair(small: number, large: string, unit: string): string {
  const rest = small % 60;
  return rest === 0
    ? `${Math.floor(small / 60)} ${large}`
    : `${Math.floor(small / 60)} ${large} ${rest} ${unit}`;
}

function trimmed(number: string): string {
  return number.replace(/\.0$/, '');
}

export function timeWords(at: number): string {
  const date = new Date(at);
  const { seconds, fraction } = clock(date);
  return `${day(date)} ${seconds}${fraction}`.trim();
}

export function pressWords({ n, gesture, from, to }: Press): string {
  const name = gesture === 'release' ? 'press' : gesture;
  const held = to === undefined ? 'no release yet' : `held ${duration(to - from)}`;
  return `${name} #${n}, ${timeWords(from)}, ${held}`;
}

function levelWords({ at, to, blink }: Level, now: number): string {
  const state = blink === undefined ? 'on' : `blinking every ${duration(2 * blink)}`;
  return to === undefined
    ? `${state} since ${timeWords(at)}, ${duration(now - at)} now`
    : `${state} ${timeWords(at)} to ${timeWords(to)}, ${duration(to - at)}`;
}

export function foundWords(found: Found, now: number): string {
  if ('gap' in found) {
    const { from, to } = found.gap;
    return `gap, ${timeWords(from)} to ${timeWords(to)}: events are missing here`;
  }
  const words = 'n' in found.mark ? pressWords(found.mark) : levelWords(found.mark, now);
  return found.among > 1 ? `${found.among} presses here; the nearest is ${words}` : words;
}

export function hourWords(hour: Hour, isPresent: boolean): string {
  return `${hourName(hour)}: ${countWords(hour, isPresent, presses)}`;
}

export function hourName({ from }: Hour): string {
  const hour = (at: number) => clock(new Date(at)).seconds.slice(0, 5);
  return `${hour(from)} to ${hour(from + HOUR_MS)}`;
}

/** `say`: words for the number itself. */
export function countWords(
  { count, whole }: Hour,
  isPresent: boolean,
  say: (count: number) => string,
): string {
  if (count === undefined) return 'not known';
  if (whole) return say(count);
  return isPresent ? `${say(count)} so far` : `at least ${say(count)}`;
}

/** One pin in one sentence, for those who don't see the plot. */
export function summary(lane: Lane, now: number): string {
  const holed = lane.gaps.some(({ to }) => to > now - HOUR_MS);
  const gap = holed ? '; events of the last hour are missing' : '';
  return `${lane.name}: ${lane.direction === 'in' ? pressed(lane, now) : lit(lane, now)}${gap}.`;
}

function pressed(lane: Lane, now: number): string {
  const from = now - HOUR_MS;
  const list = lane.presses(from, now).filter((press) => press.from > from);
  const last = lane.newest;
  if (!last) return 'no press is known';
  const held = list.reduce((sum, press) => sum + ((lane.endOf(press) ?? now) - press.from), 0);
  const all = list.length > 0 ? `, held ${duration(held)} in all` : '';
  const least = lane.marked > from ? 'at least ' : '';
  return `${least}${presses(list.length)} in the last hour, last at ${timeWords(last.from)}${all}`;
}

function lit(lane: Lane, now: number): string {
  const from = now - HOUR_MS;
  const last = lane.level;
  if (!last) return 'its level is not known';
  const on = lane.levels(from, now).filter(({ level }) => level === 1);
  const held = on.reduce((sum, { at, to = now }) => sum + Math.min(to, now) - Math.max(at, from), 0);
  const level =
    last.level === null ? 'not known' : last.blink !== undefined ? 'blinking' : last.level ? 'on' : 'off';
  return `${level} since ${timeWords(last.at)}, on for ${duration(Math.max(0, held))} of the last hour`;
}

function presses(count: number): string {
  return count === 1 ? '1 press' : `${count} presses`;
}

/** The figure beside a lane: the present hour. */
export function figure(hours: readonly Hour[]): string {
  return `${hours[HOURS - 1]?.count ?? 0} this hour`;
}
