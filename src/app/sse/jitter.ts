/**
 * When a browser shall come back. Each is told another time, since browsers neither back off nor spread by themselves, and
 * all of them come at once after a restart (G6).
 */
export function jitter(least: number, most: number): number {
  return Math.round(least + Math.random() * (most - least));
}

export const RETRY_MS = [2_000, 4_000] as const;
