import { parseArgs } from 'node:util';
import { envTexts } from '../lib/env.ts';
import { isFlag, readSettings, type SettingName, type Settings, type SettingTexts } from '../lib/settings.ts';

/** An option of one command that is no setting. */
export interface Option {
  readonly name: string;
  /** What stands for its value in the help; left out for a switch. */
  readonly value?: string;
  readonly help: string;
}

export interface Command {
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  /** What its own help says besides. */
  readonly details?: string;
  readonly options: readonly Option[];
  readonly settings: readonly SettingName[];
  /** Defaults that differ from the settings' own. */
  readonly defaults?: (texts: SettingTexts) => Partial<Record<SettingName, string>>;
  /** What is wrong in the settings beyond what each says for itself; one that could not be read is undefined. */
  readonly check?: (settings: Settings) => readonly string[];
  /** Words that follow the command. */
  readonly words: { readonly least: number; readonly most: number };
  run(call: Call): Promise<void>;
}

export interface Call {
  readonly settings: Settings;
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
}

/** What was typed or set is wrong: every mistake, a line each. */
export class Mistakes extends Error {
  readonly exitCode: number;

  constructor(lines: readonly string[], exitCode: 64 | 78) {
    super(lines.join('\n'));
    this.exitCode = exitCode;
  }
}

export const HELP = { name: 'help', help: 'Say all this.' } as const;

export function flagOf(setting: SettingName): string {
  return setting.toLowerCase().replaceAll('_', '-');
}

/** Reads a command's line and the environment. A flag wins over the environment. */
export function readCall(command: Command, args: readonly string[]): Call {
  const { values, positionals } = parse(command, args);
  const { words } = command;
  if (positionals.length < words.least || positionals.length > words.most) {
    throw new Mistakes([`Usage: ${command.usage}`], 64);
  }
  const env = envTexts();
  const flags: Record<string, string> = {};
  for (const name of command.settings) {
    const value = values[flagOf(name)];
    if (value !== undefined) flags[name] = typeof value === 'boolean' ? (value ? '1' : '0') : String(value);
  }
  // An empty setting is one that was not set, as compose files hand them on: the command's own default holds for it too.
  const given = Object.entries({ ...env.texts, ...flags }).filter(([, text]) => text !== '');
  const texts: SettingTexts = Object.fromEntries(given);
  const { settings, problems } = readSettings({ ...command.defaults?.(texts), ...texts });
  const wrong = [...env.problems, ...problems, ...(command.check?.(settings) ?? [])];
  if (wrong.length > 0) throw new Mistakes(wrong, 78);
  return { settings, words: positionals, options: values };
}

function parse(command: Command, args: readonly string[]) {
  const options: Record<string, { type: 'string' | 'boolean'; short?: string }> = {
    [HELP.name]: { type: 'boolean', short: 'h' },
  };
  for (const name of command.settings) options[flagOf(name)] = { type: isFlag(name) ? 'boolean' : 'string' };
  for (const { name, value } of command.options)
    options[name] = { type: value === undefined ? 'boolean' : 'string' };
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, allowNegative: true });
  } catch (error) {
    const [said] = (error as Error).message.split(/\.\s/);
    throw new Mistakes([`${said}. "pinstream ${command.name} -h" lists the options.`], 64);
  }
}
