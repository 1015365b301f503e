import type { Connection } from './connection.ts';
import type { Dialect } from './dialects.ts';
import type { Reader } from './output.ts';

/** An open stream, and what has to be done when its reader is gone. */
export class OpenStream implements Reader {
  readonly address: string;
  readonly dialect: Dialect;
  connection: Connection | undefined;
  /** Takes it out of its session, if it has one. */
  leaveSession: (() => void) | undefined;
  readonly #gone: (stream: OpenStream) => void;

  constructor(address: string, dialect: Dialect, gone: (stream: OpenStream) => void) {
    this.address = address;
    this.dialect = dialect;
    this.#gone = gone;
  }

  lost(): void {
    this.#gone(this);
  }
}
