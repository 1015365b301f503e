import type { Gesture } from '../contract/gestures.ts';
import type { Level } from './drivers/driver.ts';

/**
 * What somebody did with a button, from its changes and the time. Pure: no timer is in it; `deadline` says when to ask again.
 *
 * Press and release are said at once. Beyond that every press ends in exactly one of three:
 * - `long-press`: said while it is still held, after `long`;
 * - `double-click`: said at the second release, when the second press began less than `double` after the first release;
 * - `click`: said when `double` has passed after the release without another press. With `double` 0 its deadline is the release itself.
 * A second press that is held long is no double click: the first one then was a click, said just before the long press.
 */
export interface Gestures {
  /** How many presses there were. */
  readonly presses: number;
  readonly held?: Held;
  /** A click, unless another press comes. */
  readonly waiting?: Waiting;
}

interface Held {
  readonly since: number;
  /** It has been said to be a long press, or will never be. */
  readonly long: boolean;
  /** Nobody saw when it ended. */
  readonly unseen?: true;
}

interface Waiting {
  readonly press: number;
  readonly released: number;
  readonly held: number;
}

export interface GestureTimes {
  /** Milliseconds after which a press is a long one; 0: never. */
  readonly long: number;
  /** Milliseconds after a release within which another press makes a double click; 0: there are none. */
  readonly double: number;
}

export interface Made {
  readonly gesture: Gesture;
  /** Which press it belongs to, counted from 1; a double click belongs to its second one. */
  readonly press: number;
  /**
   * When it happened, not when it was recognised: a click and a double click at their release, a long press when it had been
   * held for `long`.
   */
  readonly at: number;
  /** How long that press was held, so far for a long press. A press itself has none, nor a release that nobody saw. */
  readonly held?: number;
}

export interface Step {
  readonly state: Gestures;
  readonly made: readonly Made[];
}

export const NO_GESTURES: Gestures = { presses: 0 };

/** The button was pressed (1) or released (0). */
export function change(state: Gestures, times: GestureTimes, level: Level, at: number): Step {
  const before = passTime(state, times, at);
  const after = level === 1 ? press(before.state, at) : release(before.state, at);
  return { state: after.state, made: [...before.made, ...after.made] };
}

/** It is known that nothing changed until now. */
export function passTime(state: Gestures, times: GestureTimes, now: number): Step {
  const due = deadline(state, times);
  if (due === undefined || now < due) return { state, made: [] };
  const { presses, held, waiting } = state;
  const click = waiting ? [clicked(waiting)] : [];
  if (!held) return { state: { presses }, made: click };
  const long: Made = { gesture: 'long-press', press: presses, at: due, held: times.long };
  return { state: { presses, held: { ...held, long: true } }, made: [...click, long] };
}

/** The button was released while nobody saw it: that press ends in nothing, for nobody knows how long it was. */
export function loseSight(state: Gestures): Gestures {
  return state.held ? { ...state, held: { ...state.held, long: true, unseen: true } } : state;
}

/** When passTime has something to say, if nothing changes before. */
export function deadline({ held, waiting }: Gestures, { long, double }: GestureTimes): number | undefined {
  if (held) return held.long || long === 0 ? undefined : held.since + long;
  return waiting && waiting.released + double;
}

function press(state: Gestures, at: number): Step {
  const presses = state.presses + 1;
  return {
    state: { ...state, presses, held: { since: at, long: false } },
    made: [{ gesture: 'press', press: presses, at }],
  };
}

function release(state: Gestures, at: number): Step {
  const { presses, held, waiting } = state;
  // It was held when the program started: nobody saw that press, so its release belongs to nothing.
  if (!held) return { state, made: [] };
  if (held.unseen) {
    const click = waiting ? [clicked(waiting)] : [];
    return { state: { presses }, made: [...click, { gesture: 'release', press: presses, at }] };
  }
  const duration = at - held.since;
  const released: Made = { gesture: 'release', press: presses, at, held: duration };
  if (held.long) return { state: { presses }, made: [released] };
  if (waiting) return { state: { presses }, made: [released, { ...released, gesture: 'double-click' }] };
  const click: Waiting = { press: presses, released: at, held: duration };
  return { state: { presses, waiting: click }, made: [released] };
}

function clicked({ press, released, held }: Waiting): Made {
  return { gesture: 'click', press, at: released, held };
}
