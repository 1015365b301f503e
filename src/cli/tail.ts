import { EventSource } from 'eventsource';
import { patternProblem } from '../contract/channel.ts';
import { type Call, type Command, Mistakes } from './flags.ts';

export const tail: Command = {
  name: 'tail',
  usage: 'pinstream tail CHANNEL… [options]',
  summary: 'Prints the events of channels and patterns as they come, through outages too, until Ctrl-C.',
  options: [
    { name: 'url', value: 'URL', help: 'The app to listen to [http://localhost:8080]' },
    { name: 'last', value: 'N', help: 'The last N events of each channel first' },
    { name: 'token', value: 'TOKEN', help: 'For channels that ACCESS_RULES restrict' },
    { name: 'json', help: 'One JSON object a line' },
  ],
  settings: [],
  words: { least: 1, most: 100 },
  run: runTail,
};

interface Said {
  readonly type: string;
  readonly channel?: string;
  readonly event?: string;
  readonly data?: string;
  readonly at?: number;
  readonly reason?: string;
  readonly until?: string;
}

/** As many as the app answers with. */
const MOST_LAST = 1_000;

async function runTail({ words, options }: Call): Promise<void> {
  const problems = words.map(patternProblem).filter((problem) => problem !== undefined);
  if (problems.length > 0) throw new Mistakes(problems, 64);
  const base = String(options.url ?? 'http://localhost:8080');
  if (!URL.canParse('/stream', base))
    throw new Mistakes(['--url must be an address like http://raspberrypi.local'], 64);
  const { last } = options;
  if (typeof last === 'string' && !(/^\d{1,4}$/.test(last) && Number(last) <= MOST_LAST))
    throw new Mistakes(['--last must be a whole number from 0 to 1000.'], 64);
  const url = new URL('/stream', base);
  url.searchParams.set('envelope', '1');
  for (const channel of words) url.searchParams.append('channel', channel);
  if (typeof last === 'string') url.searchParams.set('last', last);
  const token = options.token;
  const headers = typeof token === 'string' ? { Authorization: `Bearer ${token}` } : undefined;
  const json = options.json === true;
  let away = false;
  const source = new EventSource(url, {
    fetch: (input, init) => fetch(input, { ...init, headers: { ...init.headers, ...headers } }),
  });
  source.addEventListener('open', () => {
    away = false;
  });
  source.addEventListener('pinstream', ({ data }) => {
    const said = JSON.parse(data) as Said;
    const line = json ? (said.type === 'event' || said.type === 'gap' ? data : undefined) : lineOf(said);
    if (line !== undefined) process.stdout.write(`${line}\n`);
    if (said.type === 'refused' || said.type === 'closing') away = true;
  });
  await new Promise<void>((_, fail) => {
    source.addEventListener('error', ({ code }) => {
      if (source.readyState === EventSource.CLOSED) fail(new Error(closedSentence(base, code)));
      else if (!away) process.stderr.write(`Nobody answers at ${base}; trying again.\n`);
      away = true;
    });
  });
}

function lineOf({ type, channel, event, data, at, reason, until }: Said): string | undefined {
  if (type === 'event') return shown(`${timeOf(at)}  ${channel}  ${event}  ${data}`);
  if (type === 'gap')
    return reason
      ? '(The store is a new one: events may be missing.)'
      : `(Events on ${channel} up to ${until} are lost.)`;
  if (type === 'refused') return `(Refused: ${reason})`;
  return undefined;
}

function timeOf(at = 0): string {
  return Math.abs(at) <= 8.64e15 ? new Date(at).toISOString() : String(at);
}

/** What an event says must not command the terminal. */
function shown(line: string): string {
  return line.replace(/[\p{Cc}]/gu, (c) => (c === '\n' || c === '\t' ? c : '\ufffd'));
}

function closedSentence(base: string, code: number | undefined): string {
  if (code === 401 || code === 403) return 'These channels need another token: --token.';
  return code === undefined ? `${base} is no Pinstream.` : `${base} answered ${code}: is it a Pinstream?`;
}
