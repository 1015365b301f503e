import { startApp, type TestApp, type TestAppOptions } from './app.ts';

/** An app that is stopped when the test is over, or before. */
export async function startedApp(
  closing: (() => Promise<unknown>)[],
  settings: Record<string, string> = {},
  options: TestAppOptions = {},
): Promise<TestApp> {
  const app = await startApp(settings, options);
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= app.stop();
    return stopped;
  };
  closing.push(stop);
  return { ...app, stop };
}
