import type { Level } from './drivers/driver.ts';

/**
 * Tells changes of a contact from its bouncing. Pure: levels and times go in, changes come out, and no timer is in it.
 *
 * An edge begins a train or prolongs it. When a train has been quiet for the window, it is judged: if the level is another
 * one than before, that is one change, at the time of the train's first edge, since that is when the contact moved. If the
 * level is back, it was a glitch and nothing happened. Hence changes alternate for ever, none is invented, and none that
 * lasts for the window or longer is lost.
 */
export interface Debounce {
  /** The level that counts. */
  readonly settled: Level;
  /** The level of the last edge. */
  readonly latest: Level;
  readonly train?: Train;
}

interface Train {
  readonly first: number;
  /** It is over when no edge came before this time. */
  readonly until: number;
}

export interface Change {
  readonly level: Level;
  readonly at: number;
}

export interface Debounced {
  readonly state: Debounce;
  readonly change?: Change;
}

/** A line that stands still at a level. */
export function still(level: Level): Debounce {
  return { settled: level, latest: level };
}

/**
 * An edge. One that came after the train's end judges that train first: so edges that are delivered late, all at once, give
 * the same changes as if each had been delivered in time.
 */
export function edge(state: Debounce, window: number, level: Level, at: number): Debounced {
  const judged = settle(state, at);
  if (level === judged.state.latest) return judged;
  const train = { first: judged.state.train?.first ?? at, until: at + window };
  const next: Debounce = { settled: judged.state.settled, latest: level, train };
  // Without a window an edge is a change at once, and no train can have been there before it.
  return window === 0 ? settle(next, at) : { ...judged, state: next };
}

/** Time has passed: judges the train if it is over. */
export function settle(state: Debounce, now: number): Debounced {
  const { settled, latest, train } = state;
  if (!train || now < train.until) return { state };
  const next = still(latest);
  return latest === settled ? { state: next } : { state: next, change: { level: latest, at: train.first } };
}

/**
 * The level as it was read again at the train's end. If it differs, an edge within the train was missed, so the train was not
 * quiet: it goes on from here and keeps its first edge. Judged without this, a lost edge would make a glitch into a press, or
 * date a press by one window too late.
 */
export function reread(state: Debounce, window: number, level: Level, now: number): Debounce {
  if (!state.train || level === state.latest) return state;
  return { ...state, latest: level, train: { first: state.train.first, until: now + window } };
}
