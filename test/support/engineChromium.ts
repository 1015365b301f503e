import type { Page } from 'playwright-core';
import { startChromium } from './chromium.ts';
import type { Engine, EnginePage } from './engine.ts';

export async function startChromiumEngine(): Promise<Engine> {
  const browser = await startChromium();
  // One context for all: tabs of different contexts know nothing of each other.
  const context = await browser.newContext();
  return {
    async open(url) {
      const page = await context.newPage();
      await page.goto(url);
      return enginePage(page);
    },
    close: () => browser.close(),
  };
}

export function enginePage(page: Page): EnginePage {
  return {
    evaluate: (expression) => page.evaluate(expression),
    close: () => page.close(),
  };
}
