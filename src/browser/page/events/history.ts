import { isAfter } from '../../client/cursor.ts';
import { CSV_HEADER, csvLine, type LoggedEvent } from './csv.ts';
import type { LogPage, ReadLog } from './log.ts';

export type Format = 'csv' | 'json';

export interface History {
  /** The file, in pieces: a browser keeps them where it has room, and nothing is held twice. */
  readonly parts: readonly Blob[];
  readonly count: number;
  /** What the log dropped while it was being read. */
  readonly gaps: NonNullable<LogPage['gap']>;
}

const TYPES = { csv: 'text/csv;charset=utf-8', json: 'application/json' } as const;

/**
 * Reads the whole log of some channels, page by page, into a file. JSON has the form of `GET /events`. `until`: it need not go
 * beyond this cursor. Where much comes, the end of the log would never be reached.
 */
export async function readHistory(
  read: ReadLog,
  channels: readonly string[],
  format: Format,
  progress: (count: number) => void,
  signal: AbortSignal,
  until?: string,
): Promise<History> {
  const type = TYPES[format];
  const parts = [new Blob([format === 'csv' ? CSV_HEADER : '{"events":[\n'], { type })];
  const gaps: NonNullable<LogPage['gap']>[number][] = [];
  let cursor: string | undefined;
  let count = 0;
  for (;;) {
    const page = await read(channels, cursor, signal);
    gaps.push(...(page.gap ?? []));
    if (page.events.length > 0) parts.push(new Blob([textOf(page.events, format, count > 0)], { type }));
    count += page.events.length;
    cursor = page.cursor;
    progress(count);
    if (page.events.length === 0 || (until !== undefined && !isAfter(until, page.cursor))) break;
  }
  if (format === 'json') {
    parts.push(
      new Blob([
        `\n],"cursor":${JSON.stringify(cursor)},"gap":${JSON.stringify(gaps.length > 0 ? gaps : null)}}\n`,
      ]),
    );
  }
  return { parts, count, gaps };
}

function textOf(events: readonly LoggedEvent[], format: Format, isMore: boolean): string {
  if (format === 'csv') return events.map(csvLine).join('');
  return (isMore ? ',\n' : '') + events.map((event) => JSON.stringify(event)).join(',\n');
}

/** `pinstream-2026-11-21T20-00-00.csv`: of the reader's own time, without characters that a file system refuses. */
export function fileName(format: Format, now: Date): string {
  const local = new Date(now.getTime() - now.getTimezoneOffset() * 60_000);
  return `pinstream-${local.toISOString().slice(0, 19).replaceAll(':', '-')}.${format}`;
}
