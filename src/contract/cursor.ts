/**
 * A cursor says how far somebody has heard: the epoch of the store and the number of an event, worded `k3f9-42`.
 * It is the SSE `id:`. It is short and plain, since a browser sends it across origins without a preflight only then (G4);
 * and no clock is in it, since a Pi has none that can be trusted (G25).
 */
export interface Cursor {
  readonly epoch: string;
  readonly n: number;
  /**
   * How many changes of its session's channels the reader has heard of, worded `k3f9-42.3`. It says something to that session
   * alone; everybody else reads the cursor as if it were not there.
   */
  readonly rev?: number;
}

const CURSOR = /^([0-9a-z]{1,16})-(0|[1-9][0-9]{0,15})(?:\.([1-9][0-9]{0,14}))?$/;

export function formatCursor(epoch: string, n: number, rev = 0): string {
  return rev === 0 ? `${epoch}-${n}` : `${epoch}-${n}.${rev}`;
}

/** The cursor that a text says, or undefined when it is none of ours. */
export function parseCursor(text: string): Cursor | undefined {
  const [, epoch = '', digits, rev] = CURSOR.exec(text) ?? [];
  const n = Number(digits);
  if (!Number.isSafeInteger(n)) return undefined;
  return rev === undefined ? { epoch, n } : { epoch, n, rev: Number(rev) };
}

const LETTERS = '0123456789abcdefghijklmnopqrstuvwxyz';

/** The word that names a new store. Two stores with the same word would take each other's cursors for their own. */
export function newEpoch(random: (below: number) => number): string {
  let word = '';
  for (let i = 0; i < 6; i++) word += LETTERS[random(LETTERS.length)];
  return word;
}

/** The number of a cursor; undefined when it is of another store. */
export function afterOf(since: string, epoch: string): number | undefined {
  const cursor = parseCursor(since);
  return cursor?.epoch === epoch ? cursor.n : undefined;
}
