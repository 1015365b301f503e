import type { Cancel, Clock } from './clock.ts';
import { type Debounce, type Debounced, edge, reread, settle, still } from './debounce.ts';
import type { Level } from './drivers/driver.ts';
import { change, deadline, type Made, NO_GESTURES, passTime, type Step } from './gestures.ts';
import type { InputSpec } from './pins.ts';

export interface InputHooks {
  readonly made: (made: Made) => void;
  readonly changed: () => void;
}

/** The level now; undefined when the line turned out to be lost, and `closed` was called for it. */
type Read = () => Level | undefined;

/**
 * A button: the levels of an open line become gestures. It feeds the two pure halves, debounce and gestures, and asks them
 * again when one of their deadlines comes. Levels are logical here: 1 is pressed.
 */
export class Input {
  readonly #spec: InputSpec;
  readonly #clock: Clock;
  readonly #hooks: InputHooks;
  #read: Read | undefined;
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
   * is a change that was missed, and is said with the time at which it was found.
   */
  opened(level: Level, read: Read): void {
    this.#read = read;
    if (this.#debounce) this.edge(level, this.#clock.now());
    else this.#debounce = still(level);
  }

  edge(level: Level, at: number): void {
    if (!this.#debounce || !this.#read) return;
    this.#take(edge(this.#debounce, this.#spec.debounce, level, at));
    this.#goOn();
  }

  /**
   * The line is lost. Nothing is known of it from now on: its deadlines wait until it is open again, and a train that was
   * not judged yet is forgotten, since nobody saw whether the level stayed.
   */
  closed(): void {
    this.#read = undefined;
    if (this.#debounce) this.#debounce = still(this.#debounce.settled);
    this.#cancel?.();
  }

  #deadlineCame(): void {
    const now = this.#clock.now();
    const train = this.#debounce?.train;
    if (train && now >= train.until) {
      const level = this.#read?.();
      if (level === undefined || !this.#debounce) return;
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
   * there, perhaps just before the deadline that has come.
   */
  #goOn(): void {
    const train = this.#debounce?.train;
    const now = this.#clock.now();
    this.#say(passTime(this.#gestures, this.#spec, train ? Math.min(train.first, now) : now));
    this.#cancel?.();
    const next = train ? train.until : deadline(this.#gestures, this.#spec);
    if (next !== undefined && this.#read) {
      this.#cancel = this.#clock.after(Math.max(0, next - now), () => this.#deadlineCame());
    }
  }

  #say({ state, made }: Step): void {
    this.#gestures = state;
    for (const one of made) this.#hooks.made(one);
  }
}
