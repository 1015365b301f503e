import type { Case } from './case.ts';
import { type Finding, fault, skipped } from './finding.ts';

/** No check takes longer, whatever is answered; what a slow one waits for comes on top. */
const MOST_MS = 25_000;

/** Whatever goes wrong in a check becomes its finding: none hangs, and none throws. */
export async function guarded(
  { slow, patience }: Case,
  names: readonly string[],
  work: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  const most = MOST_MS + (slow ? patience.stream + patience.poll : 0);
  const failed = (sentence: string) =>
    names.map((name, at) =>
      at === 0 ? fault(name, sentence) : skipped(name, 'the check before it did not come to an end.'),
    );
  let late: NodeJS.Timeout | undefined;
  const tooLate = new Promise<readonly Finding[]>((done) => {
    late = setTimeout(() => done(failed(`This had not come to an end after ${most / 1000} s.`)), most);
  });
  try {
    return await Promise.race([work(), tooLate]);
  } catch (error) {
    return failed((error as Error).message);
  } finally {
    clearTimeout(late);
  }
}
