import type { Audience, Member } from './audience.ts';
import type { Frame } from './frame.ts';
import type { Output } from './output.ts';

export interface ConnectionLimits {
  /** Bytes that may wait for the reader. */
  readonly buffer: number;
  /** Milliseconds that the reader may take nothing while something waits. */
  readonly stall: number;
}

export type CutReason = 'slow' | 'stalled';

/**
 * One browser's stream. While it is joining, what comes live waits here until what it had missed is written; from then on it
 * is written as it comes. A reader that is too slow is cut off, since it can come back and replay: nobody waits for it, and
 * it costs no more memory than its limit.
 */
export class Connection implements Member {
  // What each delivery looks at stands first: with ten thousand streams each line of memory that it touches is to be fetched.
  #waiting: Frame[] | undefined = [];
  #closed = false;
  readonly output: Output;
  /** Where it listens, once it has joined. */
  audience: Audience | undefined;
  readonly #limits: ConnectionLimits;
  readonly #cut: (reason: CutReason, connection: Connection) => void;
  #waitingBytes = 0;
  #isCut = false;
  #sent = 0;
  #stalledSince = 0;

  constructor(
    output: Output,
    limits: ConnectionLimits,
    cut: (reason: CutReason, connection: Connection) => void,
  ) {
    this.output = output;
    this.#limits = limits;
    this.#cut = cut;
  }

  get closed(): boolean {
    return this.#closed;
  }

  deliver(frame: Frame): void {
    if (this.#waiting === undefined) this.write(frame);
    else this.#wait(frame);
  }

  write(frame: Frame): void {
    if (this.#closed) return;
    const { unsent } = this.output;
    // One frame may be larger than the limit: a reader that has taken all before it gets it.
    if (unsent > 0 && unsent + frame.chunk.length > this.#limits.buffer) this.#cutOff('slow');
    else this.output.write(frame);
  }

  /** Whether all that came while it was joining is still here. What had to be dropped is read from the log once more. */
  get keptUp(): boolean {
    return this.#waitingBytes <= this.#limits.buffer;
  }

  /** Begins to wait anew: all up to now will be read. */
  startOver(): void {
    this.#waiting = [];
    this.#waitingBytes = 0;
  }

  /** All before is written: what waited follows, and from now on all is written as it comes. */
  goLive(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const frame of waiting) this.write(frame);
  }

  /**
   * Cuts the reader off if it has taken nothing for too long. Called again and again, also after the last words: who does
   * not take these would hold its place for ever.
   */
  checkStall(now: number): void {
    if (this.#isCut) return;
    const { output } = this;
    if (output.unsent === 0) {
      this.#stalledSince = now;
    } else if (output.sent !== this.#sent) {
      this.#sent = output.sent;
      this.#stalledSince = now;
    } else if (now - this.#stalledSince >= this.#limits.stall) {
      this.#cutOff('stalled');
    }
  }

  /** The last words, and the end. */
  end(frame?: Frame): void {
    if (this.#closed) return;
    this.#closed = true;
    if (frame) this.output.write(frame);
    this.output.end();
  }

  /** The reader is gone. */
  lost(): void {
    this.#closed = true;
    this.#waiting = undefined;
  }

  #wait(frame: Frame): void {
    this.#waitingBytes += frame.chunk.length;
    if (this.keptUp) this.#waiting?.push(frame);
    else this.#waiting = [];
  }

  #cutOff(reason: CutReason): void {
    this.#closed = true;
    this.#isCut = true;
    this.#cut(reason, this);
    this.output.destroy();
  }
}
