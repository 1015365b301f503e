import type { SidecarReport } from '../../src/bus/sidecarReport.ts';

/** What a sidecar may say of itself, each figure another one. */
export const REPORT: SidecarReport = {
  driver: 'onoff',
  since: 1_795_204_800_500,
  stalls: 2,
  longestStall: 312,
  waiting: 3,
  dropped: 1,
  pins: [
    { name: 'button', missed: 4, failing: false },
    { name: 'led', missed: 0, failing: true },
  ],
};
