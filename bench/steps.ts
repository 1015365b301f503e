import type { Contender } from './contender.ts';
import { MOST_FILES } from './machine.ts';
import { grouped, type Scale, type Scenario, type Size } from './scenario.ts';

/** What is to be measured. */
export interface Plan {
  readonly scenarios: readonly Scenario[];
  readonly contenders: readonly Contender[];
  readonly scale: Scale;
  readonly rounds: number;
}

export interface Step {
  readonly round: number;
  readonly scenario: Scenario;
  readonly size: Size;
  readonly contender: Contender;
}

/** For what a process has open besides its streams. */
const FILES_BESIDES = 200;

/** What is measured when: the servers take turns, so that a machine that is slow for a while is slow for all of them. */
export function stepsOf({ scenarios, contenders, scale, rounds }: Plan): {
  steps: Step[];
  skipped: string[];
} {
  const skipped = new Set<string>();
  const steps = Array.from({ length: rounds }, (_, i) => i + 1).flatMap((round) =>
    scenarios.flatMap((scenario) =>
      scenario.sizes(scale).flatMap((size) =>
        turned(partOf(scenario, contenders), round - 1).flatMap((contender) => {
          const files = size.streams * (contender.behindNginx ? 2 : 1) + FILES_BESIDES;
          if (files <= MOST_FILES) return [{ round, scenario, size, contender }];
          skipped.add(
            `${contender.label} with ${grouped(size.streams)} streams: it may open ${grouped(MOST_FILES)} files, and would need ${grouped(files)}.`,
          );
          return [];
        }),
      ),
    ),
  );
  return { steps, skipped: [...skipped] };
}

function partOf({ servers }: Scenario, contenders: readonly Contender[]): readonly Contender[] {
  return contenders.filter(({ name }) => servers === undefined || servers.includes(name));
}

/** Nobody is always the first. */
function turned<T>(all: readonly T[], by: number): readonly T[] {
  const at = all.length === 0 ? 0 : by % all.length;
  return [...all.slice(at), ...all.slice(0, at)];
}
