import type { Contender } from './contender.ts';
import type { Results, Spread } from './results.ts';
import { grouped, type Metric, type Scenario, type Size } from './scenario.ts';

/** The results of a scenario as tables in Markdown: medians, and ratios with the least and the most of the rounds. */
export function tablesOf(
  scenario: Scenario,
  sizes: readonly Size[],
  contenders: readonly Contender[],
  results: Results,
): string[] {
  const one = new Tables(scenario, sizes, contenders, results);
  if (scenario.table === 'servers by metrics') return sizes.flatMap((size) => one.serversByMetrics(size));
  if (scenario.table === 'sizes by metrics') return one.sizesByMetrics();
  return scenario.metrics.flatMap((metric) => one.serversBySizes(metric));
}

class Tables {
  readonly #scenario: Scenario;
  readonly #sizes: readonly Size[];
  readonly #contenders: readonly Contender[];
  readonly #results: Results;

  constructor(
    scenario: Scenario,
    sizes: readonly Size[],
    contenders: readonly Contender[],
    results: Results,
  ) {
    this.#scenario = scenario;
    this.#sizes = sizes;
    this.#results = results;
    this.#contenders = contenders.filter(({ name }) =>
      results.all.some(({ scenario: of, server }) => of === scenario.name && server === name),
    );
  }

  serversBySizes(metric: Metric): string[] {
    const columns = this.#sizes.map(({ label }) => label);
    const all = this.#contenders.map((one) => ({
      label: one.label,
      cells: this.#sizes.map((size) => this.#value(metric, size, one)),
    }));
    const against = this.#references(metric).map((reference) =>
      markdown(
        `${metric.title}: against ${reference.label}`,
        columns,
        this.#comparable(reference).map((one) => ({
          label: one.label,
          cells: this.#sizes.map((size) => this.#ratio(metric, size, one, reference)),
        })),
      ),
    );
    return [markdown(metric.title, columns, all), ...against].filter((table) => table !== '');
  }

  serversByMetrics(size: Size): string[] {
    const { metrics } = this.#scenario;
    const compared = metrics.flatMap((metric) =>
      this.#references(metric).map((reference) => ({ metric, reference })),
    );
    const columns = [
      ...metrics.map(({ title }) => title),
      ...compared.map(({ metric, reference }) => `${metric.title}: against ${reference.label}`),
    ];
    const rows = this.#contenders.map((one) => ({
      label: one.label,
      cells: [
        ...metrics.map((metric) => this.#value(metric, size, one)),
        ...compared.map(({ metric, reference }) =>
          this.#comparable(reference).includes(one) ? this.#ratio(metric, size, one, reference) : '',
        ),
      ],
    }));
    return [markdown(size.label, columns, rows)].filter((table) => table !== '');
  }

  sizesByMetrics(): string[] {
    const { metrics } = this.#scenario;
    const [first] = this.#sizes;
    if (!first) return [];
    const compared = metrics.filter(({ against }) => against === 'first size');
    const columns = [
      ...metrics.map(({ title }) => title),
      ...compared.map(({ title }) => `${title}: against ${first.label}`),
    ];
    return this.#contenders.map((one) =>
      markdown(
        one.label,
        columns,
        this.#sizes.map((size) => ({
          label: size.label,
          cells: [
            ...metrics.map((metric) => this.#value(metric, size, one)),
            ...compared.map((metric) =>
              size === first
                ? ''
                : ratioText(
                    this.#results.ratio(this.#figure(metric, size, one), this.#figure(metric, first, one)),
                  ),
            ),
          ],
        })),
      ),
    );
  }

  #references({ against }: Metric): Contender[] {
    if (against === undefined || against === 'first size') return [];
    return against.flatMap((name) => this.#contenders.filter((one) => one.name === name));
  }

  #comparable(reference: Contender): Contender[] {
    return this.#contenders.filter((one) => one !== reference && one.behindNginx === reference.behindNginx);
  }

  #value(metric: Metric, size: Size, one: Contender): string {
    const spread = this.#results.spread(this.#figure(metric, size, one));
    return spread === undefined ? '' : valueText(spread.median, metric.digits);
  }

  #ratio(metric: Metric, size: Size, one: Contender, reference: Contender): string {
    return ratioText(
      this.#results.ratio(this.#figure(metric, size, one), this.#figure(metric, size, reference)),
    );
  }

  #figure({ key }: Metric, { label }: Size, { name }: Contender) {
    return { scenario: this.#scenario.name, size: label, server: name, metric: key };
  }
}

export interface Row {
  readonly label: string;
  readonly cells: readonly string[];
}

/** Nothing when it would be empty. */
export function markdown(corner: string, columns: readonly string[], rows: readonly Row[]): string {
  if (rows.every(({ cells }) => cells.every((cell) => cell === ''))) return '';
  const lines = [
    [corner, ...columns],
    ['---', ...columns.map(() => '---:')],
    ...rows.map(({ label, cells }) => [label, ...cells]),
  ];
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

export function ratioText(spread: Spread | undefined): string {
  if (!spread) return '';
  const [median, least, most] = [spread.median, spread.least, spread.most].map((value) => value.toFixed(2));
  return `${median} (${least}–${most})`;
}

function valueText(value: number, digits: number): string {
  return digits === 0 ? grouped(value) : value.toFixed(digits);
}
