import type { Box } from './layout.ts';
import type { Place } from './paintLane.ts';
import type { Scale } from './scale.ts';
import type { Sheet } from './sheet.ts';
import { type Tick, ticks } from './ticks.ts';

const LABEL_WIDTH = 72;

export function ticksOf(sheet: Sheet, scale: Scale): readonly Tick[] {
  return ticks(scale.from, scale.to, Math.max(2, Math.floor(scale.width / sheet.px(LABEL_WIDTH))));
}

/** Behind a lane; not through a name that stands above it. */
export function paintGrid({ sheet, scale, top, height }: Place, marks: readonly Tick[]): void {
  for (const { at, day } of marks) {
    sheet.fill(day ? sheet.ink.edge : sheet.ink.line, scale.x(at), top, sheet.hair, height);
  }
}

/** Below the hours: where they begin and end. */
export function paintHoursAxis(sheet: Sheet, { left, width }: Box, height: number): void {
  const y = sheet.px(height / 2) + sheet.px(1);
  sheet.text('24 h ago', sheet.px(left), y, { color: sheet.ink.soft });
  sheet.text('now', sheet.px(left + width), y, { color: sheet.ink.soft, align: 'right' });
}

/** The times below them. The right edge says that it is the present; no label runs into it or out of the plot. */
export function paintAxis(
  sheet: Sheet,
  scale: Scale,
  marks: readonly Tick[],
  height: number,
  follows: boolean,
): void {
  const { soft, ink, edge } = sheet.ink;
  const y = sheet.px(height / 2) + sheet.px(1);
  let end = scale.right;
  if (follows) {
    const style = { color: ink, align: 'right', strong: true } as const;
    sheet.text('now', end, y, style);
    end -= sheet.measure('now', style) + sheet.px(10);
  }
  for (const { at, label, day } of marks) {
    const style = { color: day ? ink : soft, strong: day };
    const x = scale.x(at);
    const width = sheet.measure(label, style);
    sheet.fill(day ? edge : sheet.ink.line, x, 0, sheet.hair, sheet.px(4));
    const left = x - width / 2;
    if (left >= 0 && left + width <= end) sheet.text(label, left, y, style);
  }
}
