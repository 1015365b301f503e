import { readFileSync } from 'node:fs';
import { isSecret, type SettingName, type SettingTexts, settings } from './settings.ts';

/**
 * The settings' texts from the environment. A secret may also stand in a file, named by `NAME_FILE`, as Docker's secrets do,
 * so that it shows in no process list and no `docker inspect`.
 */
export function envTexts(env: NodeJS.ProcessEnv = process.env): { texts: SettingTexts; problems: string[] } {
  const texts: Record<string, string> = {};
  const problems: string[] = [];
  for (const name of Object.keys(settings) as SettingName[]) {
    const value = env[name];
    const file = isSecret(name) ? env[`${name}_FILE`] : undefined;
    if (value !== undefined) texts[name] = value;
    if (!file) continue;
    if (value) {
      problems.push(`${name} and ${name}_FILE are both set: keep one of them.`);
      continue;
    }
    try {
      texts[name] = readFileSync(file, 'utf8').trim();
    } catch (error) {
      problems.push(`${name}_FILE: cannot read ${file} (${(error as NodeJS.ErrnoException).code}).`);
    }
  }
  return { texts, problems };
}
