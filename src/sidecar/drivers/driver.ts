import type { Pull } from '../pins.ts';

/**
 * What stands between the sidecar and the pins. A driver knows voltages only: 1 is high, 0 is low. Whether high means pressed
 * is the wiring's business, and is applied in one place, outside: `pin.ts`.
 */
export interface Driver {
  /** What the device says that it is. */
  readonly name: string;
  /**
   * Takes a line. Rejects with a LineProblem when that cannot be; the caller tries again later. From then on the listener
   * hears, never before the promise is fulfilled and never after `close` was called.
   */
  open(request: LineRequest, listener: LineListener): Promise<Line>;
  /** Only where no hardware is: presses the button on an open line, as if somebody did. Answers why not, if it can't. */
  press?(gpio: number, ms: number): string | undefined;
  /** The same, as a finger that stays: for so long from now, however long it has been held already. 0 lets go. */
  hold?(gpio: number, ms: number): string | undefined;
  /** To be called when all lines are closed. */
  close(): Promise<void>;
}

export type Level = 0 | 1;

export type LineRequest = InputRequest | OutputRequest;

interface AnyRequest {
  readonly name: string;
  /** The BCM number. */
  readonly gpio: number;
}

export interface InputRequest extends AnyRequest {
  readonly direction: 'in';
  readonly pull: Pull;
  /** Milliseconds; for drivers whose kernel can debounce, and for the mock to keep presses apart. Others report each edge. */
  readonly debounce: number;
  /** What the line reads when nobody presses: only the mock has to be told. */
  readonly rest: Level;
}

export interface OutputRequest extends AnyRequest {
  readonly direction: 'out';
  readonly level: Level;
}

export interface LineListener {
  /** The line has this level since `at`, on the clock's `now`. The same level twice does no harm. */
  edge(level: Level, at: number): void;
  /** At least so many edges were lost: a press may be missing. `edge` tells the level as it is, before or after. */
  missed(edges: number): void;
  /** The line is lost. Nothing comes from it any more; the listener closes it and may open it anew. */
  failed(problem: LineProblem): void;
}

export interface Line {
  /** Within how many milliseconds after its time an edge is told, if not at once: until then nobody knows that none was. */
  readonly lag?: number;
  /** The level now; throws a LineProblem. A driver that can't ask says what it knows. */
  read(): Level;
  /** Outputs only; rejects with a LineProblem. */
  write(level: Level): Promise<void>;
  /** Lets go of the line. Never rejects: there is nothing left that a caller could do about it. */
  close(): Promise<void>;
}

/** Why a line does not work and what to do about it, as a sentence for the person who wired it. */
export class LineProblem extends Error {
  override readonly name = 'LineProblem';
}
