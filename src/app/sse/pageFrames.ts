import type { Page } from '../../bus/bus.ts';
import type { StoredEvent } from '../../contract/event.ts';
import { type Dialect, eventBlock } from './dialects.ts';
import { type Frame, frame } from './frame.ts';

/** About so much is written at once, and so much may wait for the reader before it is given more of what it missed. */
export const SLICE = 65_536;

const worded = new WeakMap<Page, Map<Dialect, readonly Frame[]>>();

/** A page in frames. Who reads the same page in the same dialect gets the same frames: they are worded once for all. */
export function pageFrames(dialect: Dialect, page: Page): readonly Frame[] {
  const inDialects = worded.get(page) ?? new Map<Dialect, readonly Frame[]>();
  worded.set(page, inDialects);
  const frames = inDialects.get(dialect) ?? slices(dialect, page.epoch, page.events, eventBlock);
  inDialects.set(dialect, frames);
  return frames;
}

/** Events as blocks, in frames of about a slice each. */
export function slices(
  dialect: Dialect,
  epoch: string,
  events: readonly StoredEvent[],
  block: typeof eventBlock,
): Frame[] {
  const frames = [];
  let text = '';
  for (const event of events) {
    text += block(dialect, epoch, event);
    if (text.length < SLICE) continue;
    frames.push(frame(text));
    text = '';
  }
  if (text !== '') frames.push(frame(text));
  return frames;
}
