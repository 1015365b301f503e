import { HOURS } from './hours.ts';

/** Where everything stands, in CSS pixels. */
export interface Layout {
  readonly width: number;
  readonly height: number;
  /** A phone: names stand above their lanes, and the hours beside the name. */
  readonly narrow: boolean;
  readonly laneHeight: number;
  readonly plot: Box;
  readonly hours: Box;
}

/** From the left edge, and from the top edge of each lane. */
export interface Box {
  readonly left: number;
  readonly width: number;
  readonly top: number;
  readonly height: number;
}

const NARROW = 560;
/** Marks at the very end are seen whole. */
const EDGE = 3;

export function layoutOf(width: number, lanes: number): Layout {
  return width < NARROW ? narrow(width, lanes) : wide(width, lanes);
}

function narrow(width: number, lanes: number): Layout {
  const laneHeight = 48;
  const hours = HOURS * 4;
  return {
    width,
    height: laneHeight * lanes,
    narrow: true,
    laneHeight,
    plot: { left: 0, width: Math.max(1, width - EDGE), top: 20, height: 22 },
    hours: { left: Math.max(0, width - hours), width: hours, top: 2, height: 14 },
  };
}

function wide(width: number, lanes: number): Layout {
  const laneHeight = 36;
  const label = width < 720 ? 88 : 120;
  const hours = HOURS * (width < 720 ? 5 : 7);
  const figure = 92;
  const space = 16;
  return {
    width,
    height: laneHeight * lanes,
    narrow: false,
    laneHeight,
    plot: { left: label, width: width - label - hours - figure - space - EDGE, top: 6, height: 24 },
    hours: { left: width - hours, width: hours, top: 8, height: 20 },
  };
}
