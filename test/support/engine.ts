import { after, afterEach, before } from 'node:test';
import { startChromiumEngine } from './engineChromium.ts';
import { startFirefox } from './firefox.ts';
import { startWebKit } from './webkit.ts';

/** A browser with one session of one person: what tabs of a browser share, its pages share. */
export interface Engine {
  /** A further tab. */
  open(url: string): Promise<EnginePage>;
  close(): Promise<void>;
}

export interface EnginePage {
  /**
   * The value of an expression, or what its promise answers, as JSON has it. Fails with the page's own error. The expression is
   * text: what the tests' compiler adds to a function is not known in the page.
   */
  evaluate<T = unknown>(expression: string): Promise<T>;
  close(): Promise<void>;
}

const STARTS = { Chromium: startChromiumEngine, Firefox: startFirefox, WebKit: startWebKit };

export type EngineName = keyof typeof STARTS;

/** One browser for all tests of a file. What a test puts into `closing` is closed after it, the last one first. */
export function useEngine(name: EngineName): {
  engine(): Engine;
  readonly closing: (() => Promise<unknown>)[];
} {
  let engine: Engine | undefined;
  const closing: (() => Promise<unknown>)[] = [];
  before(async () => {
    engine = await STARTS[name]();
  });
  after(() => engine?.close());
  afterEach(async () => {
    const failed: unknown[] = [];
    // One that cannot be closed keeps none of the others open.
    for (const close of closing.splice(0).reverse()) await close().catch((error) => failed.push(error));
    if (failed.length > 0) throw failed[0];
  });
  return { engine: () => engine as Engine, closing };
}
