import type { Page } from 'playwright-core';

/** Of the events whose data is `{"n":…}`, which rows the page has drawn. */
export interface Drawn {
  /** Waits until that one, or a later one, has been drawn; false: that took too long. */
  until(n: number): Promise<boolean>;
  /** How many were drawn, and how many of them twice. */
  counts(): Promise<{ readonly drawn: number; readonly twice: number }>;
  gaps(): Promise<number>;
}

/** However slow the machine is, what has not been drawn by then is lost. */
const PATIENCE = 30_000;

/** To be called before the page is loaded. */
export async function watchRows(page: Page, most: number): Promise<Drawn> {
  // tsx lets functions keep their names by this helper, which the page has not.
  await page.addInitScript('globalThis.__name = (named) => named');
  await page.addInitScript(watch, most);
  return {
    until: (n) =>
      page.evaluate(([wanted, ms]) => (globalThis as unknown as Watched).drawnUntil(wanted, ms), [
        n,
        PATIENCE,
      ] as const),
    counts: () => page.evaluate(() => (globalThis as unknown as Watched).drawnCounts()),
    gaps: () => page.locator('.trace .gap').count(),
  };
}

interface Watched {
  drawnUntil(n: number, ms: number): Promise<boolean>;
  drawnCounts(): { drawn: number; twice: number };
}

/** Runs in the page. It keeps a byte for each event and nothing else, so that it does not grow. */
function watch(most: number): void {
  const seen = new Uint8Array(most + 1);
  let waiting: { readonly n: number; readonly done: () => void } | undefined;
  const look = (row: Node) => {
    const text = row instanceof Element ? row.querySelector('.data')?.textContent : '';
    const n = Number(/"n": ?(\d+)/.exec(text ?? '')?.[1] ?? 0);
    if (n === 0) return;
    seen[n] = (seen[n] ?? 0) + 1;
    if (waiting && n >= waiting.n) {
      waiting.done();
      waiting = undefined;
    }
  };
  new MutationObserver((changes) => {
    for (const { target, addedNodes } of changes)
      if (target instanceof Element && target.matches('.trace')) for (const node of addedNodes) look(node);
  }).observe(document, { childList: true, subtree: true });
  Object.assign(globalThis, {
    drawnUntil: (n: number, ms: number) =>
      new Promise<boolean>((answer) => {
        if (seen[n]) return answer(true);
        const patience = setTimeout(() => answer(false), ms);
        waiting = {
          n,
          done: () => {
            clearTimeout(patience);
            answer(true);
          },
        };
      }),
    drawnCounts: () => ({
      drawn: seen.reduce((count, times) => count + Math.min(times, 1), 0),
      twice: seen.reduce((count, times) => count + Math.max(times - 1, 0), 0),
    }),
  });
}
