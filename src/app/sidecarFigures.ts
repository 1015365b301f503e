import { setTimeout as sleep } from 'node:timers/promises';
import type { Board } from '../bus/board.ts';
import type { SidecarReport, SidecarSign } from '../bus/sidecarReport.ts';
import type { Metrics } from './metrics.ts';

/** Longer than a store takes that is there. */
const PATIENCE_MS = 500;

/** How the sidecar is, as it told the board last. Of one that is silent there are no figures: old ones would look like new ones. */
export class SidecarFigures {
  readonly #board: Board;
  /** undefined: nobody knows, since the store is away. */
  #last: SidecarSign | undefined;

  constructor(board: Board) {
    this.#board = board;
  }

  showIn(metrics: Metrics): void {
    const one = (value: (report: SidecarReport) => number) => () =>
      this.#reports.map((report) => ({ value: value(report) }));
    const eachPin = (value: (pin: SidecarReport['pins'][number]) => number) => () =>
      this.#reports.flatMap(({ pins }) => pins.map((pin) => ({ of: pin.name, value: value(pin) })));
    metrics.reported('gauge', 'sidecar_up', '1 when a sidecar lives, 0 when none does.', () =>
      this.#last ? [{ value: this.#last.lives ? 1 : 0 }] : [],
    );
    metrics.reported(
      'gauge',
      'sidecar_info',
      'Always 1: the driver that reads the pins.',
      () => this.#reports.map(({ driver }) => ({ of: driver, value: 1 })),
      'driver',
    );
    metrics.reported(
      'gauge',
      'sidecar_start_time_seconds',
      'When the sidecar started, in seconds since 1970.',
      one(({ since }) => since / 1000),
    );
    metrics.reported(
      'counter',
      'sidecar_stalls_total',
      'How often the sidecar stood still for more than 50 ms.',
      one(({ stalls }) => stalls),
    );
    metrics.reported(
      'gauge',
      'sidecar_stall_longest_seconds',
      'The longest time that the sidecar stood still, since it started.',
      one(({ longestStall }) => longestStall / 1000),
    );
    metrics.reported(
      'gauge',
      'sidecar_outbox_waiting',
      'Events that wait in the sidecar for the store.',
      one(({ waiting }) => waiting),
    );
    metrics.reported(
      'counter',
      'sidecar_dropped_total',
      'Events that the sidecar had to drop.',
      one(({ dropped }) => dropped),
    );
    metrics.reported(
      'counter',
      'sidecar_pin_missed_total',
      'Edges that are known to be lost.',
      eachPin(({ missed }) => missed),
      'pin',
    );
    metrics.reported(
      'gauge',
      'sidecar_pin_failing',
      '1 when the pin does not work.',
      eachPin(({ failing }) => (failing ? 1 : 0)),
      'pin',
    );
  }

  async look(): Promise<void> {
    const late = new AbortController();
    this.#last = await Promise.race([
      this.#board.sidecar().catch(() => undefined),
      sleep(PATIENCE_MS, undefined, { signal: late.signal }).catch(() => undefined),
    ]);
    late.abort();
  }

  /** The one report, if there is one. */
  get #reports(): readonly SidecarReport[] {
    return this.#last?.report ? [this.#last.report] : [];
  }
}
