import { randomBytes } from 'node:crypto';
import type { Board } from '../../bus/board.ts';

/** The key for publishing: the one that is set, else one made at the first start and kept in the store. */
export class PublishKey {
  readonly #set: string;
  readonly #board: Board;
  readonly #made: ((key: string) => void) | undefined;
  #kept: string | undefined;

  constructor(set: string, board: Board, made?: (key: string) => void) {
    this.#set = set;
    this.#board = board;
    this.#made = made;
  }

  /** Rejects while the store is away. */
  async get(): Promise<string> {
    if (this.#set !== '') return this.#set;
    if (this.#kept === undefined) {
      const candidate = randomBytes(18).toString('base64url');
      this.#kept = await this.#board.publishKey(() => candidate);
      if (this.#kept === candidate) this.#made?.(candidate);
    }
    return this.#kept;
  }
}
