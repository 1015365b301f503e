import { startApp, type TestAppOptions } from './app.ts';

export interface StartedApp {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

/** An app that is stopped when the test is over, or before. */
export async function startedApp(
  closing: (() => Promise<unknown>)[],
  settings: Record<string, string> = {},
  options: TestAppOptions = {},
): Promise<StartedApp> {
  const app = await startApp(settings, options);
  let stopped: Promise<void> | undefined;
  const stop = () => {
    stopped ??= app.stop();
    return stopped;
  };
  closing.push(stop);
  return { url: app.url, port: app.port, stop };
}
