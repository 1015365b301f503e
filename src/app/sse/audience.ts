import type { Dialect } from './dialects.ts';
import { type Frame, joinFrames } from './frame.ts';
import { Gathering } from './gathering.ts';

/** Who hears an audience's frames: all of one turn come as one. */
export interface Member {
  deliver(frame: Frame): void;
}

/**
 * All who listen to the same channels in the same dialect, after as many changes of them. What is said to them is worded and
 * joined once for all: a page that a thousand browsers have open is one audience.
 */
export class Audience {
  readonly channels: readonly string[];
  readonly dialect: Dialect;
  /** The change of their sessions' channels that these came with; 0 for who has no session, or changed nothing. */
  readonly rev: number;
  /** By which it is found. */
  readonly key: string;
  readonly members = new Gathering<Member>();
  #frames: Frame[] | undefined;

  constructor(channels: readonly string[], dialect: Dialect, rev: number, key: string) {
    this.channels = channels;
    this.dialect = dialect;
    this.rev = rev;
    this.key = key;
  }

  /** Whether nothing was waiting before. */
  push(frame: Frame): boolean {
    if (this.#frames === undefined) {
      this.#frames = [frame];
      return true;
    }
    this.#frames.push(frame);
    return false;
  }

  flush(): void {
    if (this.#frames === undefined) return;
    const joined = joinFrames(this.#frames);
    this.#frames = undefined;
    for (const member of this.members) member.deliver(joined);
  }
}
