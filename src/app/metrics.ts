import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** How often a timer looks how late the event loop is. With the usual 10 ms it would be a third of what an idle app does. */
const LAG_TIMER_MS = 100;

/** A figure of another process, and what it is of, where there are several. */
interface Reported {
  readonly of?: string;
  readonly value: number;
}

/** What is counted, for Prometheus. */
export class Metrics {
  readonly registry = new Registry();
  readonly heard = this.#counter('events_heard_total', 'Events that this app heard from the store.');
  readonly published = this.#counter(
    'events_published_total',
    'Events that were published through this app.',
    'door',
  );
  readonly refused = this.#counter('refused_total', 'Requests that were refused, by status.', 'status');
  readonly refusedStreams = this.#counter(
    'streams_refused_total',
    'Streams that were refused for a passing reason, by reason.',
    'reason',
  );
  readonly opened = this.#counter('streams_opened_total', 'Streams that were opened.', 'dialect');
  readonly cut = this.#counter('streams_cut_total', 'Readers that were cut off, by reason.', 'reason');
  readonly gaps = this.#counter('gaps_total', 'Gaps that this app itself had to tell its live streams.');
  readonly adopted = this.#counter(
    'raw_adopted_total',
    'Raw publishes that this app, as the keeper, has kept.',
  );
  readonly odd = this.#counter(
    'raw_odd_total',
    'Raw publishes not kept, or not as they came, by reason.',
    'reason',
  );

  constructor(processWide: boolean) {
    if (!processWide) return;
    collectDefaultMetrics({ register: this.registry, eventLoopMonitoringPrecision: LAG_TIMER_MS });
  }

  /** A figure that is asked for when somebody looks. */
  gauge(name: string, help: string, value: () => number): void {
    const gauge: Gauge = new Gauge({
      name: `pinstream_${name}`,
      help,
      registers: [this.registry],
      collect: () => gauge.set(value()),
    });
  }

  /**
   * What another process counts or measures, as it was last told: a value for each set of labels, and none while nobody knows.
   */
  reported(
    kind: 'counter' | 'gauge',
    name: string,
    help: string,
    values: () => readonly Reported[],
    label?: string,
  ): void {
    const Kind = kind === 'counter' ? Counter : Gauge;
    const metric: Counter | Gauge = new Kind({
      name: `pinstream_${name}`,
      help,
      labelNames: label === undefined ? [] : [label],
      registers: [this.registry],
      collect: () => {
        metric.reset();
        // One without labels is 0 after that.
        if (label === undefined) metric.remove();
        for (const { of, value } of values())
          metric.inc(label === undefined ? {} : { [label]: of ?? '' }, value);
      },
    });
  }

  #counter<Label extends string>(name: string, help: string, ...labels: Label[]): Counter<Label> {
    return new Counter({ name: `pinstream_${name}`, help, labelNames: labels, registers: [this.registry] });
  }
}
