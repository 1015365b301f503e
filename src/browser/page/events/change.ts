import type { PinstreamEvent } from '../../client.ts';
import type { WireDevice, WirePin } from '../../wire.ts';
import { levelOf } from '../pinNow.ts';
import { deviceOf, isState } from '../reports.ts';
import type { Entry } from './entries.ts';

/** What the device says anew. */
export interface Change {
  readonly words: string;
  /** Only inputs have changed: their own events have told it already. */
  readonly isEcho: boolean;
}

/**
 * What an event of the device changed, if it is one that changed pins alone: it repeats the whole device after every press.
 * `older`: what comes after it in the list, newest first.
 */
export function changeOf(event: PinstreamEvent, older: readonly Entry[]): Change | undefined {
  if (!isState(event)) return undefined;
  const before = older.find(
    (entry) => entry.gap !== undefined || (entry.event && isState(entry.event)),
  )?.event;
  const [was, is] = [before && deviceOf(before), deviceOf(event)];
  if (!was || !is || headOf(was) !== headOf(is)) return undefined;
  const changed = is.pins.filter((pin, i) => wordsOf(pin, is) !== wordsOf(was.pins[i] as WirePin, was));
  if (changed.length === 0) return undefined;
  return {
    words: changed.map((pin) => wordsOf(pin, is)).join(' · '),
    isEcho: changed.every(({ direction, problem }) => direction === 'in' && problem === undefined),
  };
}

/** All but the levels. */
function headOf({ state, driver, pins, dropped }: WireDevice): string {
  const wiring = pins.map(({ name, gpio, direction, missed }) => [name, gpio, direction, missed]);
  return JSON.stringify([state, driver, dropped, wiring]);
}

function wordsOf(pin: WirePin, { state }: WireDevice): string {
  return `${pin.name} ${levelOf(pin, state)}`;
}
