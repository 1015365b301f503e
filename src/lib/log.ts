import { pino } from 'pino';

/** What the parts say of themselves. Keys, sessions and queries never go in. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

export interface LogOptions {
  readonly level: string;
  /** Lines for people instead of JSON. Default: when the output is a terminal. */
  readonly plain?: boolean;
  readonly write?: (line: string) => void;
}

export function createLog({ level, plain = process.stdout.isTTY, write }: LogOptions): Log {
  const out = write ?? ((line: string) => void process.stdout.write(line));
  const format = plain ? (line: string) => out(`${plainLine(line)}\n`) : out;
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, { write: format });
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };

const LEVELS: Record<number, string> = { 20: 'debug', 30: '', 40: 'WARNING', 50: 'ERROR' };

/** `20:00:00 WARNING Redis is away. (reason="connect ECONNREFUSED")` */
function plainLine(json: string): string {
  const { level, time, msg, ...fields } = JSON.parse(json) as { level: number; time: string; msg: string };
  const extras = Object.entries(fields).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
  const parts = [new Date(time).toTimeString().slice(0, 8), LEVELS[level] ?? '', msg, extras.join(' ')];
  return parts.filter((part) => part !== '').join(' ');
}
