import { isFlag, isSecret, settings } from '../lib/settings.ts';
import { type Command, flagOf, HELP } from './flags.ts';

export function generalHelp(commands: readonly Command[]): string {
  const rows = commands.map(({ usage, summary }) => [usage.replace(' [options]', ''), summary] as const);
  return [
    'Live events from pins, redis-cli or any backend, in every browser, with nothing missed.',
    '',
    table(rows),
    '',
    "pinstream COMMAND -h   says all of a command's options",
    'pinstream --version    says which version this is',
  ].join('\n');
}

export function commandHelp(command: Command): string {
  const rows: (readonly [string, string])[] = command.options.map(({ name, value, help }) => [
    value === undefined ? `--${name}` : `--${name} ${value}`,
    help,
  ]);
  const defaults = command.defaults?.({}) ?? {};
  for (const name of command.settings) {
    const fallback = defaults[name] ?? settings[name].fallback;
    const shown = fallback === '' || isFlag(name) ? '' : ` [${fallback}]`;
    const file = isSecret(name) ? ` Also ${name}_FILE.` : '';
    rows.push([
      isFlag(name) ? `--[no-]${flagOf(name)}` : `--${flagOf(name)} …`,
      `${settings[name].help}${shown}${file}`,
    ]);
  }
  rows.push([`-h, --${HELP.name}`, HELP.help]);
  const also =
    command.settings.length > 0
      ? ['', 'Each setting is also an environment variable: --redis-url is REDIS_URL.']
      : [];
  const { usage, summary, details } = command;
  return [`Usage: ${usage}`, '', summary, ...(details ? [details] : []), '', table(rows), ...also].join('\n');
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n');
}
