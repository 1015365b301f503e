import type { PinstreamEvent } from '../../client.ts';

/** What an event says about a pin. Others may publish on any channel: what cannot be understood is no report. */

export type GestureName = 'press' | 'release' | 'click' | 'double-click' | 'long-press';

export interface Gesture {
  readonly name: GestureName;
  /** Which press of the pin it belongs to. */
  readonly press: number;
  /** For how many milliseconds; undefined: it is held, or nobody knows. */
  readonly held: number | undefined;
}

const NAMES: ReadonlySet<string> = new Set(['press', 'release', 'click', 'double-click', 'long-press']);

export function gestureOf({ name, data }: PinstreamEvent): Gesture | undefined {
  if (!NAMES.has(name)) return undefined;
  const { press, held } = objectOf(data) as { press?: unknown; held?: unknown };
  if (typeof press !== 'number') return undefined;
  const known = typeof held === 'number' && held >= 0;
  return { name: name as GestureName, press, held: known ? held : undefined };
}

function objectOf(data: string): object {
  try {
    const value: unknown = JSON.parse(data);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
