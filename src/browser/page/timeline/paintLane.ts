import { columnsOf, heightOf, joined } from './columns.ts';
import type { Lane } from './lane.ts';
import type { Box } from './layout.ts';
import type { Scale } from './scale.ts';
import type { Sheet } from './sheet.ts';

/** What is painted onto, and where. */
export interface Place {
  readonly sheet: Sheet;
  readonly scale: Scale;
  /** Of the lane's track, in pixels of the screen. */
  readonly top: number;
  readonly height: number;
  /** What time it is at the server. */
  readonly now: number;
}

export function placeIn(sheet: Sheet, scale: Scale, box: Box, laneTop: number, now: number): Place {
  return { sheet, scale, now, top: sheet.px(laneTop + box.top), height: sheet.px(box.height) };
}

/** One pin: a base line, what is not known as a break in it, held time as bars on it, presses as marks. */
export function paintLane(place: Place, lane: Lane, deafSince: number | undefined): void {
  const { sheet, scale, now } = place;
  const { ink } = sheet;
  paintBase(place, lane);
  const levels = lane.levels(scale.from, scale.to);
  const lit = levels.filter(({ level }) => level === 1);
  const steady = lit.filter(({ blink }) => blink === undefined).map(({ at, to = now }) => [at, to] as const);
  paintBars(place, lane.direction === 'out' ? ink.lamp : ink.tint, steady);
  for (const { at, to = now, blink } of lit) if (blink !== undefined) paintBlink(place, at, to);
  // Over the levels: the last one that was heard need not have lasted.
  for (const { at, to = now, level, watched } of levels) {
    if (level === null) paintBlind(place, at, to, watched ? 'not read' : 'nobody was watching');
  }
  for (const { from, to } of lane.gaps) paintGap(place, from, to);
  if (deafSince !== undefined) paintBlind(place, deafSince, now, 'not heard yet');
  const presses = lane.presses(scale.from, scale.to);
  paintBars(
    place,
    ink.lamp,
    presses.map((press) => [press.from, lane.endOf(press) ?? now] as const),
  );
  paintMarks(place, presses);
}

/** Solid where all is known, dotted where the log does not reach. */
function paintBase({ sheet, scale, top, height }: Place, lane: Lane): void {
  const known = scale.inside(lane.marked);
  const y = top + height - sheet.hair;
  sheet.dashes(sheet.ink.edge, scale.left, y, known - scale.left, scale.shift);
  sheet.fill(sheet.ink.edge, known, y, scale.right - known, sheet.hair);
}

/** Current flows: half the height of the lane, and never thinner than can be seen, also when it has just begun. */
function paintBars(place: Place, color: string, bars: readonly (readonly [number, number])[]): void {
  const { sheet, scale, top, height } = place;
  const high = Math.round(height / 2);
  const inPixels = bars.map(([from, to]) => {
    const x = scale.inside(from);
    return [x, Math.max(scale.inside(to), x + sheet.px(2))] as const;
  });
  for (const [x, end] of joined(inPixels))
    sheet.fill(color, x, top + height - sheet.hair - high, end - x, high);
}

/** It is on and off all the while: stripes. Their width says nothing, flashes are too short to be shown. */
function paintBlink({ sheet, scale, top, height }: Place, from: number, to: number): void {
  const [begin, end] = [scale.inside(from), scale.inside(to)];
  const high = Math.round(height / 2);
  const space = sheet.px(6);
  const shift = (((begin + scale.shift) % space) + space) % space;
  for (let x = begin - shift; x < end; x += space) {
    const left = Math.max(x, begin);
    const right = Math.min(x + sheet.px(4), Math.max(end, begin + sheet.px(2)));
    sheet.fill(sheet.ink.lamp, left, top + height - sheet.hair - high, right - left, high);
  }
}

/** Each press is a stroke in ink. Where they stand too close they become a column, the higher the more there are. */
function paintMarks({ sheet, scale, top, height }: Place, presses: readonly { from: number }[]): void {
  const wide = sheet.px(3);
  for (const { key, count, at } of columnsOf(presses, scale.step * wide)) {
    const high = Math.round(height * heightOf(count));
    const [x, width] =
      count === 1 ? [scale.x(at), sheet.px(2)] : [scale.left + key * wide - scale.shift, wide];
    const left = Math.max(x, scale.left);
    if (x + width > scale.left && x <= scale.right)
      sheet.fill(sheet.ink.ink, left, top + height - high, x + width - left, high);
  }
}

/** Events are missing: the base line breaks, and says so where there is room. */
function paintGap(place: Place, from: number, to: number): void {
  const { sheet, scale, top, height } = place;
  if (to < scale.from || from > scale.to) return;
  const x = scale.inside(from);
  // However short it was: it is there.
  const width = Math.max(scale.inside(to) - x, sheet.px(5));
  sheet.fill(sheet.ink.panel, x, top, width, height);
  sheet.hatch(sheet.ink.wait, x, top, width, height, scale.shift);
  for (const edge of [x, x + width - sheet.hair]) sheet.fill(sheet.ink.wait, edge, top, sheet.hair, height);
  paintWord(place, 'gap', sheet.ink.wait, x, width);
}

/** Nothing can be known of what happened: the sidecar was off, the pin failed, this page was cut off. */
function paintBlind(place: Place, from: number, to: number, words: string): void {
  const { sheet, scale, top, height } = place;
  if (to < scale.from || from > scale.to) return;
  const x = scale.inside(from);
  const width = scale.inside(to) - x;
  const low = Math.round(height / 2);
  sheet.fill(sheet.ink.panel, x, top + height - low, width, low);
  sheet.hatch(sheet.ink.line, x, top + height - low, width, low, scale.shift);
  sheet.dashes(sheet.ink.edge, x, top + height - sheet.hair, width, scale.shift);
  paintWord(place, words, sheet.ink.soft, x, width);
}

function paintWord(
  { sheet, top, height }: Place,
  words: string,
  color: string,
  x: number,
  width: number,
): void {
  const style = { color, align: 'center', ground: sheet.ink.panel } as const;
  if (sheet.measure(words, style) + sheet.px(16) > width) return;
  sheet.text(words, x + width / 2, top + height / 2, style);
}
