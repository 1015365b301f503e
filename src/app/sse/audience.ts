import type { Dialect } from './dialects.ts';
import { type Frame, joinFrames } from './frame.ts';

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
  readonly members = new Set<Member>();
  #frames: Frame[] = [];

  constructor(channels: readonly string[], dialect: Dialect, rev: number) {
    this.channels = channels;
    this.dialect = dialect;
    this.rev = rev;
  }

  /** Whether nothing was waiting before. */
  push(frame: Frame): boolean {
    return this.#frames.push(frame) === 1;
  }

  flush(): void {
    if (this.#frames.length === 0) return;
    const joined = joinFrames(this.#frames);
    this.#frames = [];
    for (const member of this.members) member.deliver(joined);
  }
}
