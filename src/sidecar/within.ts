import type { Clock } from './clock.ts';

/** Waits until something has ended, well or not, but no longer than this. Answers whether it has. */
export async function within(clock: Clock, ms: number, work: Promise<unknown>): Promise<boolean> {
  let cancel = () => {};
  const enough = new Promise<boolean>((resolve) => {
    cancel = clock.after(ms, () => resolve(false));
  });
  const ended = work.then(
    () => true,
    () => true,
  );
  const inTime = await Promise.race([ended, enough]);
  cancel();
  return inTime;
}
