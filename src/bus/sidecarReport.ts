/** What the sidecar says of itself whenever it says that it lives. What is counted is counted since its start. */
export interface SidecarReport {
  readonly driver: string;
  /** When it started, in milliseconds since 1970. */
  readonly since: number;
  /** How often its event loop stood still for so long that presses may be lost, and for how many milliseconds at the longest. */
  readonly stalls: number;
  readonly longestStall: number;
  /** Events that wait for the store. */
  readonly waiting: number;
  readonly dropped: number;
  readonly pins: readonly PinReport[];
}

interface PinReport {
  readonly name: string;
  /** Edges that are known to be lost. */
  readonly missed: number;
  readonly failing: boolean;
}

/** What one board knows of the sidecar: whether it lives, and what it said last, unless it is an older one that says nothing. */
export interface SidecarSign {
  readonly lives: boolean;
  readonly report?: SidecarReport;
}

export const NO_SIDECAR: SidecarSign = { lives: false };

/** The report that a text says; undefined when it is none. A newer sidecar may say more. */
export function parseReport(text: string): SidecarReport | undefined {
  try {
    const report = JSON.parse(text) as SidecarReport;
    const { since, stalls, longestStall, waiting, dropped, pins } = report;
    const figures = [since, stalls, longestStall, waiting, dropped, ...pins.map(({ missed }) => missed)];
    const named = [report.driver, ...pins.map(({ name }) => name)];
    const sound =
      figures.every((figure) => Number.isFinite(figure) && figure >= 0) &&
      named.every((name) => typeof name === 'string');
    return sound ? report : undefined;
  } catch {
    return undefined;
  }
}
