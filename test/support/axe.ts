import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const SOURCE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Found {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/** What axe-core has to complain of, each in a line. It looks at what is drawn: whatever moves has come to rest first. */
export async function complaintsOf(page: Page): Promise<string[]> {
  // The page's policy lets no script in but its own; the test's own way in is not asked.
  await page.evaluate(SOURCE);
  const found = (await page.evaluate(async () => {
    await Promise.all(
      document.getAnimations().map((animation) => {
        const { iterations } = animation.effect?.getComputedTiming() ?? {};
        return iterations === Number.POSITIVE_INFINITY
          ? animation.cancel()
          : animation.finished.catch(() => {});
      }),
    );
    const { axe } = globalThis as unknown as {
      axe: { run(...given: object[]): Promise<{ violations: Found[] }> };
    };
    const runOnly = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
    return (await axe.run(document, { runOnly })).violations;
  })) as Found[];
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 200)} ${failureSummary}`),
  );
}
