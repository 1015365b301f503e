import type { Log } from '../../src/lib/log.ts';

/** A log that keeps its lines, as `warn: text`. */
export function loggedLines(): { log: Log; lines: string[] } {
  const lines: string[] = [];
  const keep = (level: string) => (_fields: object, message: string) =>
    void lines.push(`${level}: ${message}`);
  return {
    log: { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') },
    lines,
  };
}
