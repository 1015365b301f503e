import { after, afterEach, before } from 'node:test';
import { type Browser, chromium } from 'playwright-core';
import { inPath } from './inPath.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Starts the Chromium of this machine, quiet and without a profile. Playwright makes and removes a fresh one. */
export function startChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: chromiumPath(),
    // A test that is ended from outside shall end: Chromium goes with the pipe to it.
    handleSIGINT: false,
    handleSIGTERM: false,
    handleSIGHUP: false,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}

/** One Chromium for all tests of a file. What a test puts into `closing` is closed after it, the last one first. */
export function useChromium(): { browser(): Browser; readonly closing: (() => Promise<unknown>)[] } {
  let browser: Browser | undefined;
  const closing: (() => Promise<unknown>)[] = [];
  before(async () => {
    browser = await startChromium();
  });
  after(() => browser?.close());
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  return { browser: () => browser as Browser, closing };
}

export function chromiumPath(): string {
  const path = process.env.CHROMIUM ?? inPath(NAMES);
  if (path) return path;
  throw new Error(
    `These tests need Chromium: install it, or set CHROMIUM to its path (looked for ${NAMES.join(', ')}).`,
  );
}
