import type { Values } from './scenario.ts';

/** One server, scenario and size in one round. */
export interface Result {
  readonly round: number;
  readonly scenario: string;
  readonly size: string;
  readonly server: string;
  readonly values: Values;
}

/** Which figure: without a round. */
export interface Figure {
  readonly scenario: string;
  readonly size: string;
  readonly server: string;
  readonly metric: string;
}

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export class Results {
  readonly all: Result[] = [];

  add(result: Result): void {
    this.all.push(result);
  }

  /** What a figure was in the rounds, taken together. */
  spread(figure: Figure): Spread | undefined {
    return spreadOf([...this.#rounds(figure).values()]);
  }

  /** A figure against another one of the same round: what slowed the machine down in a round has slowed both. */
  ratio(figure: Figure, reference: Figure): Spread | undefined {
    const references = this.#rounds(reference);
    const ratios = [...this.#rounds(figure)].flatMap(([round, value]) => {
      const other = references.get(round);
      return other === undefined || other === 0 ? [] : [value / other];
    });
    return spreadOf(ratios);
  }

  #rounds({ scenario, size, server, metric }: Figure): Map<number, number> {
    const found = new Map<number, number>();
    for (const result of this.all) {
      const value = result.values[metric];
      const isIt = result.scenario === scenario && result.size === size && result.server === server;
      if (isIt && value !== undefined) found.set(result.round, value);
    }
    return found;
  }
}

export function spreadOf(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const lower = sorted[Math.ceil(middle) - 1] ?? 0;
  const upper = sorted[Math.floor(middle)] ?? 0;
  return { median: (lower + upper) / 2, least: sorted[0] ?? 0, most: sorted.at(-1) ?? 0 };
}
