/** What one check found. `skipped`: it could not be looked at from here, and the text says why. */
export interface Finding {
  readonly name: string;
  readonly state: 'ok' | 'fault' | 'skipped';
  /** A few words when all is well; else a sentence that says what is wrong and what to do. */
  readonly text: string;
  /** How long it took, where that says something. */
  readonly ms?: number;
}

export function ok(name: string, text: string, ms?: number): Finding {
  return { name, state: 'ok', text, ...(ms === undefined ? {} : { ms: Math.round(ms) }) };
}

export function fault(name: string, text: string): Finding {
  return { name, state: 'fault', text };
}

export function skipped(name: string, reason: string): Finding {
  return { name, state: 'skipped', text: `not looked at: ${reason}` };
}
