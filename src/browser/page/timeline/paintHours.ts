import { HOURS, type Hour } from './hours.ts';
import type { Box } from './layout.ts';
import type { Sheet } from './sheet.ts';

/**
 * Presses in each of the last hours, the present one at the right edge. What is not known is hatched, and is not
 * nought; where the log does not reach it is dotted, as the lanes are.
 */
export function paintHours(sheet: Sheet, box: Box, laneTop: number, hours: readonly Hour[]): void {
  const { ink } = sheet;
  const most = Math.max(1, ...hours.map(({ count = 0 }) => count));
  const [top, height] = [sheet.px(laneTop + box.top), sheet.px(box.height)];
  const bottom = top + height;
  const width = sheet.px(box.width / HOURS);
  const left = sheet.px(box.left + box.width) - width * HOURS;
  const bar = Math.max(1, width - Math.max(1, sheet.px(2)));
  const known = hours.findIndex(({ count }) => count !== undefined);
  const first = known < 0 ? HOURS : known;
  sheet.dashes(ink.edge, left, bottom - sheet.hair, first * width, 0);
  hours.forEach(({ count, whole }, i) => {
    const x = left + i * width;
    if (count === undefined) {
      if (i >= first) sheet.hatch(ink.line, x, top, width, height, 0);
      return;
    }
    sheet.fill(ink.edge, x, bottom - sheet.hair, width, sheet.hair);
    if (count === 0) return;
    const high = Math.max(sheet.px(2), Math.round((height * count) / most));
    // An outline: there may be more.
    sheet.fill(whole ? ink.soft : ink.ink, x, bottom - high, bar, high);
    if (!whole && bar > 3 * sheet.hair && high > 2 * sheet.hair)
      sheet.fill(
        ink.panel,
        x + sheet.hair,
        bottom - high + sheet.hair,
        bar - 2 * sheet.hair,
        high - 2 * sheet.hair,
      );
  });
}

/** Which hour stands at this place, counted from the oldest one. */
export function hourAt(box: Box, x: number): number | undefined {
  const index = Math.floor(((x - box.left) / box.width) * HOURS);
  return index >= 0 && index < HOURS ? index : undefined;
}
