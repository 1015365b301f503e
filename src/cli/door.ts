/** A way by which the command publishes on a channel. */
export interface Door {
  /** Texts that go at once. */
  readonly most: number;
  /**
   * Publishes these texts in their order, or the first few of them, and answers what became of each of those. Throws what will
   * be so for every text.
   */
  send(texts: readonly string[], patience: number): Promise<Outcome[]>;
  close(): Promise<void>;
}

/** The id of the event; or why there is none, and whether that is because nobody has answered. */
export type Outcome = { readonly id: string } | { readonly problem: string; readonly away: boolean };

export function isAway(outcome: Outcome): boolean {
  return 'away' in outcome && outcome.away;
}
