import { parseArgs } from 'node:util';
import { SCENARIOS } from './scenarios/all.ts';
import { CONTENDERS } from './servers/all.ts';

export interface Options {
  readonly scenarios: readonly string[];
  readonly servers: readonly string[];
  readonly streams: readonly number[] | undefined;
  readonly rounds: number;
  readonly quick: boolean;
  readonly write: boolean;
  readonly json: string | undefined;
  /** Results that were kept before, in place of measuring. */
  readonly from: readonly string[] | undefined;
}

const ROUNDS = 3;

export const USAGE = `Usage: npm run bench -- [options]

Measures Pinstream side by side with other servers, in turns, and prints medians and their ratios.
A delivery that is lost or doubled, by whichever server, fails the run.

  --only NAMES      these scenarios alone: ${SCENARIOS.map(({ name }) => name).join(', ')}
  --servers NAMES   these servers alone: ${CONTENDERS.map(({ name }) => name).join(', ')}
  --streams COUNTS  so many streams, as 1000,5000, in place of the usual
  --rounds N        how often each is measured (${ROUNDS})
  --quick           one round with few streams: shows that all of it works; its figures mean nothing
  --write           writes docs/performance.md and docs/performance.svg, from a whole run or from what --from names
  --json FILE       writes every single result there
  --from FILES      measures nothing, and takes the results of runs that wrote them by --json
  -h, --help        this
`;

/** The options of the command, or the sentence that says what is wrong with them, or `help`. */
export function readOptions(args: readonly string[]): Options | string | 'help' {
  let values: ReturnType<typeof parsed>;
  try {
    values = parsed(args);
  } catch (error) {
    return (error as Error).message.split('. ')[0] as string;
  }
  if (values.help) return 'help';
  const { quick, write, json } = values;
  const scenarios = named('--only', values.only, SCENARIOS);
  const servers = named('--servers', values.servers, CONTENDERS);
  const streams = values.streams?.split(',').map(Number);
  const rounds = Number(values.rounds ?? (quick ? 1 : ROUNDS));
  if (typeof scenarios === 'string') return scenarios;
  if (typeof servers === 'string') return servers;
  if (streams?.some((count) => !Number.isInteger(count) || count < 1 || count > 1_000_000))
    return `--streams must be numbers like 1000,5000, but is ${values.streams}`;
  if (!Number.isInteger(rounds) || rounds < 1)
    return `--rounds must be a number from 1, but is ${values.rounds}`;
  if (write && (quick || streams || values.only !== undefined || values.servers !== undefined))
    return '--write is for a whole run: leave out --quick, --only, --servers and --streams';
  const from = values.from?.split(',');
  return { scenarios, servers, streams, rounds, quick, write, json, from };
}

function parsed(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      only: { type: 'string' },
      servers: { type: 'string' },
      streams: { type: 'string' },
      rounds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      write: { type: 'boolean', default: false },
      json: { type: 'string' },
      from: { type: 'string' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  }).values;
}

function named(
  option: string,
  given: string | undefined,
  all: readonly { readonly name: string }[],
): string[] | string {
  const names = all.map(({ name }) => name);
  const asked = given?.split(',') ?? names;
  const unknown = asked.filter((name) => !names.includes(name));
  if (unknown.length > 0) return `${option} knows ${names.join(', ')}, but not ${unknown.join(', ')}`;
  return asked;
}
