import type { Chip } from './board.ts';
import { gpiomon } from './gpiomon.ts';
import type { Wall } from './nobody.ts';
import { onoff } from './onoff.ts';

/** What differs between the drivers: how they are set up, and what they say about each trouble. */
export interface DriverCase {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  /** A line of the shell that makes the machine ready for it. */
  readonly prepare: string;
  /** Whether lines show up in /sys/class/gpio. */
  readonly exports: boolean;
  /** How far the time that it says may be from the moment when a line was pulled, in milliseconds. */
  readonly closeMs: number;
  /** What the log says of a time when the sidecar stood still. */
  readonly ofStalls: string;
  /** Whether no edge is lost, however the contacts bounce. */
  readonly losesNone: boolean;
  readonly sentences: Readonly<Record<Trouble, Sentence>>;
  /** How an open line is lost while the chip stays. */
  readonly behindUs: { readonly title: string; readonly take: (chip: Chip, gpio: number) => void };
  /** A line of the shell that leaves this driver as the one that works. */
  readonly alone: string;
  /** What keeps a sidecar without privileges from its pins. */
  readonly walls: readonly Wall[];
}

export type Trouble = 'beyond' | 'hogged' | 'held' | 'gone' | 'no chip';
export type Sentence = (pin: string, gpio: number, chip: Chip) => string;

const ALL = [onoff, gpiomon];

export function driverCase(name: string | undefined): DriverCase {
  const found = ALL.find((driver) => driver.name === name);
  if (!found) throw new Error(`There is no driver ${name}, only ${ALL.map(({ name }) => name).join(', ')}.`);
  return found;
}
