import { DEVICE_EVENT } from '../../src/contract/device.ts';
import type { ClientSpec, Line } from './history.ts';

/** A line without when and who: the client adds them. */
export type Said = Line extends infer One ? (One extends Line ? Omit<One, 't' | 'c'> : never) : never;

/** Somebody who listens, in whatever way, and writes down what happens. */
export interface Client {
  readonly spec: ClientSpec;
  /** How far it has come, as the number of its cursor. */
  readonly n: number;
  readonly dead: boolean;
  /** Takes nothing of what comes for so long. */
  pause(milliseconds: number): void;
  /** Leaves, and comes back with the cursor that it has then. */
  leave(milliseconds: number): void;
  /** Leaves, and comes back at once with a cursor that it had before. */
  goBack(share: number): void;
  /** Asks for other channels on its open stream. */
  change(channels: readonly string[]): void;
  stop(): void;
}

/** The events that the publishers of the run use; a plain EventSource hears only those whose name it knows. */
export const NAMES = [
  'message',
  'note',
  'alarm',
  'press',
  'release',
  'click',
  'double-click',
  'long-press',
  DEVICE_EVENT,
];

/** The ids of the events that a client has heard: it may go back to one of them. */
export class Heard {
  #ids: string[] = [];
  cursor: string | null = null;

  add(id: string): void {
    this.cursor = id;
    this.#ids.push(id);
    if (this.#ids.length > 2_000) this.#ids = this.#ids.slice(-1_000);
  }

  /** 0: the newest one; 1: the oldest that is remembered. */
  back(share: number): string | null {
    return this.#ids[Math.floor((this.#ids.length - 1) * (1 - share))] ?? this.cursor;
  }

  get n(): number {
    return numberOf(this.cursor);
  }
}

export function numberOf(cursor: string | null): number {
  return cursor === null ? 0 : Number(/-(\d+)/.exec(cursor)?.[1] ?? 0);
}
