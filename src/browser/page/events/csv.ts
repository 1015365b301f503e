import type { WireEvent } from '../../wire.ts';

/** The log as a table, by RFC 4180: commas, CRLF, and quotes around what needs them. */

export type LoggedEvent = Omit<WireEvent, 'type'>;

export const CSV_HEADER = 'id,channel,event,at,data\r\n';

export function csvLine({ id, channel, event, at, data }: LoggedEvent): string {
  return `${[id, channel, event, isoOf(at), data].map((text) => field(harmless(text))).join(',')}\r\n`;
}

/** The time with all its fraction: of pins that are microseconds. */
export function isoOf(at: number): string {
  const micros = Math.round(at * 1000);
  const milliseconds = Math.floor(micros / 1000);
  const date = new Date(milliseconds);
  if (Number.isNaN(date.getTime())) return '';
  const rest = micros - milliseconds * 1000;
  return date.toISOString().replace('Z', rest === 0 ? 'Z' : `${String(rest).padStart(3, '0')}Z`);
}

const NUMBER = /^[+-]?(\d+([.,]\d*)?|[.,]\d+)(e[+-]?\d+)?$/i;

/**
 * Spreadsheets run what begins like a formula, and anybody may publish: `'` in front makes it a text. Numbers, which would
 * suffer, are none. Who needs every character as it was takes JSON.
 */
function harmless(text: string): string {
  return /^[=+\-@\t\r]/.test(text) && !NUMBER.test(text) ? `'${text}` : text;
}

function field(text: string): string {
  return /[",\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
