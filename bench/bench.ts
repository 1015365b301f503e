import { Cell } from './cell.ts';
import { Place } from './place.ts';
import { Progress } from './progress.ts';
import { BenchRedis } from './redis.ts';
import { Results } from './results.ts';
import type { Scale, Scenario, Values } from './scenario.ts';
import { type Plan, type Step, stepsOf } from './steps.ts';

export interface Outcome {
  readonly results: Results;
  /** What makes the run worth nothing: deliveries that were lost or doubled, servers that did not serve. */
  readonly failures: readonly string[];
  /** What this machine does not allow. */
  readonly skipped: readonly string[];
}

/** Measures all of a plan, one step after the other, and says how far it is. */
export async function bench(plan: Plan, say: (line: string) => void): Promise<Outcome> {
  const { steps, skipped } = stepsOf(plan);
  const results = new Results();
  const failures: string[] = [];
  const place = new Place();
  try {
    const redis = await BenchRedis.start(place);
    const progress = new Progress(
      steps.map(({ scenario, size, contender }) => ({
        key: `${scenario.name} ${size.label} ${contender.name}`,
        seconds: size.seconds,
      })),
    );
    for (const step of steps) {
      const { round, scenario, size, contender } = step;
      const head = `[${progress.place}, ${progress.text}] round ${round} of ${plan.rounds}, ${scenario.name}, ${size.label}: ${contender.label}`;
      const began = performance.now();
      try {
        const values = await measure(step, redis, plan.scale);
        const result = { round, scenario: scenario.name, size: size.label, server: contender.name, values };
        results.add(result);
        say(`${head}: ${wording(scenario, values)}`);
      } catch (error) {
        const failure = `${contender.label}, ${scenario.name}, ${size.label}: ${(error as Error).message}`;
        failures.push(failure);
        say(`${head}: ${(error as Error).message}`);
      }
      progress.step((performance.now() - began) / 1_000);
    }
    redis.stop();
  } finally {
    await place.end();
  }
  return { results, failures, skipped };
}

async function measure({ size, contender }: Step, redis: BenchRedis, scale: Scale): Promise<Values> {
  const cell = new Cell(contender, redis, scale);
  try {
    return await size.measure(cell);
  } catch (error) {
    const why = cell.place.breakdown;
    throw why === undefined ? error : new Error(`${(error as Error).message} (${why})`);
  } finally {
    await cell.end();
  }
}

function wording({ metrics }: Scenario, values: Values): string {
  return metrics
    .flatMap(({ key, title, digits }) =>
      values[key] === undefined ? [] : [`${values[key].toFixed(digits)} ${title}`],
    )
    .join(', ');
}
