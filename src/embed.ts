import type { Authorize } from './app/access/access.ts';
import { appConfig } from './app/config.ts';
import { type RunningApp, startApp } from './app/main.ts';
import { createStore } from './bus/store.ts';
import { envTexts } from './lib/env.ts';
import { createLog, type Log } from './lib/log.ts';
import { readSettings, type SettingName } from './lib/settings.ts';

export interface EmbedOptions {
  /** Settings by their names; they win over the environment. `{PORT: '0'}` takes any free port. */
  readonly settings?: Partial<Record<SettingName, string>>;
  /** Asked before each stream, each read and each publish, besides the rules: false refuses with 403. */
  readonly authorize?: Authorize;
  /** Told the publish key, when one had to be made. */
  readonly keyMade?: (key: string, port: number) => void;
  readonly log?: Log;
}

/** Runs the app inside a process of somebody else's, who decides who may do what. */
export async function startPinstream(options: EmbedOptions = {}): Promise<RunningApp> {
  const env = envTexts();
  const { settings, problems } = readSettings({ ...env.texts, ...options.settings });
  const { config, problems: more } = appConfig(settings);
  const wrong = [...env.problems, ...problems, ...more];
  if (wrong.length > 0) throw new Error(wrong.join('\n'));
  const log = options.log ?? createLog({ level: settings.LOG_LEVEL });
  const store = createStore(settings, log);
  const { authorize, keyMade } = options;
  return startApp({ config, store, adopt: settings.ADOPT, log, authorize, keyMade });
}
