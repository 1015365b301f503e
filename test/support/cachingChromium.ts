import { type Browser, chromium } from 'playwright-core';
import { chromiumPath } from './chromium.ts';

/** A Chromium that puts pages away whole when one leaves them, as people's do: playwright's else forbids it. */
export async function startCachingChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath(),
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
    args: ['--no-sandbox', '--disable-gpu'],
  });
}
