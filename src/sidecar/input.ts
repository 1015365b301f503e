import type { Cancel, Clock } from './clock.ts';
import { type Debounce, type Debounced, edge, reread, settle, still } from './debounce.ts';
import type { Level } from './drivers/driver.ts';
import { change, deadline, loseSight, type Made, NO_GESTURES, passTime, type Step } from './gestures.ts';
import type { InputSpec } from './pins.ts';

export interface InputHooks {
  readonly made: (made: Made) => void;
  readonly changed: () => void;
}

/** The level now; undefined when the line turned out to be lost, and `closed` was called for it. */
type Read = () => Level | undefined;

/** An edge is heard within this after the level has changed, whatever its driver. */
const NEWS_MS = 10;

/**
 * A button: the levels of an open line become gestures. It feeds the two pure halves, debounce and gestures, and asks them
 * again when one of their deadlines comes. Levels are logical here: 1 is pressed.
 */
export class Input {
  readonly #spec: InputSpec;
  readonly #clock: Clock;
  readonly #hooks: InputHooks;
  #read: Read | undefined;
  #lag = 0;
  /** The level was read and is not what was heard: the edge may be on its way. */
  #doubted = false;
  #debounce: Debounce | undefined;
  #gestures = NO_GESTURES;
  #cancel: Cancel | undefined;

  constructor(spec: InputSpec, clock: Clock, hooks: InputHooks) {
    this.#spec = spec;
    this.#clock = clock;
    this.#hooks = hooks;
  }

  /** What counts as the level; undefined before the first line was open. */
  get level(): Level | undefined {
    return this.#debounce?.settled;
  }

  /**
   * A line is open. What it reads at the very first is no press: nobody saw it happen. After a failure a level that differs
   * is a change that was missed, and is said with the time at which it was found. Answers whether one was.
   */
  opened(level: Level, read: Read, lag = 0): boolean {
    this.#read = read;
    this.#lag = lag;
    if (!this.#debounce) {
      this.#debounce = still(level);
      return false;
    }
    const missed = level !== this.#debounce.settled;
    // Else the time that passed since would make a tap a long press.
    if (missed) this.#gestures = loseSight(this.#gestures);
    this.edge(level, this.#clock.now());
    return missed;
  }

  edge(level: Level, at: number): void {
    if (!this.#debounce || !this.#read) return;
    this.#doubted = false;
    this.#take(edge(this.#debounce, this.#spec.debounce, level, at));
    this.#goOn();
  }

  /**
   * The line is lost. Nothing is known of it from now on: its deadlines wait until it is open again, and a train that was
   * not judged yet is forgotten, since nobody saw whether the level stayed.
   */
  closed(): void {
    this.#read = undefined;
    this.#doubted = false;
    if (this.#debounce) this.#debounce = still(this.#debounce.settled);
    this.#cancel?.();
  }

  #deadlineCame(): void {
    const now = this.#clock.now();
    const train = this.#debounce?.train;
    if (train && now >= train.until) {
      const level = this.#read?.();
      if (level === undefined || !this.#debounce) return;
      if (level !== this.#debounce.latest && !this.#doubted) {
        // After a press that was just long enough the release is on its way, and would be taken for the end of a glitch.
        this.#doubted = true;
        this.#cancel = this.#clock.after(NEWS_MS, () => this.#deadlineCame());
        return;
      }
      this.#doubted = false;
      this.#debounce = reread(this.#debounce, this.#spec.debounce, level, now);
      this.#take(settle(this.#debounce, now));
    }
    this.#goOn();
  }

  #take({ state, change: changed }: Debounced): void {
    this.#debounce = state;
    if (!changed) return;
    this.#say(change(this.#gestures, this.#spec, changed.level, changed.at));
    this.#hooks.changed();
  }

  /**
   * While a train is not judged, gestures know nothing after its first edge: the press that it may turn out to be began
   * there, perhaps just before the deadline that has come. Nor do they know of the time of which edges may still be told.
   */
  #goOn(): void {
    const train = this.#debounce?.train;
    const now = this.#clock.now();
    const known = now - this.#lag;
    this.#say(passTime(this.#gestures, this.#spec, train ? Math.min(train.first, known) : known));
    this.#cancel?.();
    const due = deadline(this.#gestures, this.#spec);
    const next = train ? train.until : due === undefined ? undefined : due + this.#lag;
    if (next !== undefined && this.#read) {
      this.#cancel = this.#clock.after(Math.max(0, next - now), () => this.#deadlineCame());
    }
  }

  #say({ state, made }: Step): void {
    this.#gestures = state;
    for (const one of made) this.#hooks.made(one);
  }
}
