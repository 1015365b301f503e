import { type Browser, chromium } from 'playwright-core';
import { run } from './process.ts';

const FIND = `command -v "\${CHROMIUM:-chromium}" || command -v chromium-browser || command -v google-chrome`;

/** A Chromium that puts pages away whole when one leaves them, as people's do: playwright's else forbids it. */
export async function startCachingChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: (await run(FIND)).trim(),
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
    args: ['--no-sandbox', '--disable-gpu'],
  });
}
