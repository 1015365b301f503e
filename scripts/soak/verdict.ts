import type { Sample } from './measure.ts';

/** What may come on top and be no growth: a collection is never quite the same. */
const MOST = 1.05;
/** Of small counts a handful more is more than that. */
const HANDFUL: Sample = { heap: 200_000, worker: 200_000, nodes: 50, listeners: 10 };
const NAMES = { heap: 'The heap', worker: "The worker's heap", nodes: 'DOM nodes', listeners: 'Listeners' };

/**
 * What has grown, as sentences; none: all is flat. The second quarter is compared with the last one: in the first much is not
 * warm yet. The least of each, since what a collection has left over, or compiled code that is about to be dropped, only adds.
 */
export function growth(samples: readonly Sample[]): string[] {
  const quarter = (i: number) =>
    samples.slice(Math.floor((samples.length * i) / 4), Math.ceil((samples.length * (i + 1)) / 4));
  return (['heap', 'worker', 'nodes', 'listeners'] as const).flatMap((name) => {
    const least = (i: number) => Math.min(...quarter(i).map((sample) => sample[name]));
    const [before, after] = [least(1), least(3)];
    const most = Math.max(before * MOST, before + HANDFUL[name]);
    return after <= most ? [] : [`${NAMES[name]} grew from ${figure(before)} to ${figure(after)}.`];
  });
}

export function figure(value: number): string {
  return value.toLocaleString('en');
}
