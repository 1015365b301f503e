import { randomInt } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import { newEpoch } from '../contract/cursor.ts';
import type { Target } from '../doctor/ask.ts';
import { type Case, PATIENCE } from '../doctor/case.ts';
import { examine, examineAway } from '../doctor/examine.ts';
import type { Finding } from '../doctor/finding.ts';
import { findUrl, placesOf } from '../doctor/findUrl.ts';
import { thisMachine } from '../doctor/machine.ts';
import { originsOf } from '../doctor/origins.ts';
import { origins } from '../lib/kinds.ts';
import { type Call, type Command, Mistakes } from './flags.ts';
import { REDIS } from './groups.ts';

export const doctor: Command = {
  name: 'doctor',
  usage: 'pinstream doctor [URL] [options]',
  summary:
    'Looks whether everything is well, from outside; and at Redis, pins, clock and disk, where it can.',
  details:
    'It takes some 20 s, and publishes a few events on channels of its own. Without URL it takes the first of http://nginx, http://localhost and http://localhost:8080 that answers; with CORS_OWNER=proxy not the last one, since something has to stand in front of the app.',
  options: [
    {
      name: 'origin',
      value: 'ORIGIN',
      help: 'One whose pages may read, as https://a.example; else the first of CORS_ORIGINS',
    },
    {
      name: 'slow',
      help: 'Also what takes longer than a minute: whether a stream and a quiet long poll last',
    },
    { name: 'away', help: 'Only what is answered while the app is stopped' },
    { name: 'insecure', help: 'Takes any certificate' },
    { name: 'json', help: 'One JSON object: url, ok, checks' },
  ],
  settings: [...REDIS, 'PUBLISH_KEY', 'CORS_ORIGINS', 'CORS_OWNER'],
  words: { least: 0, most: 1 },
  run: runDoctor,
};

const SIGNS = { ok: '✓', fault: '✗', skipped: '–' } as const;
const NAME_WIDTH = 'redis-eviction'.length;

async function runDoctor({ settings, words, options }: Call): Promise<void> {
  const { json, slow, away, insecure } = options;
  const named = originOf(options.origin);
  const end = new AbortController();
  setMaxListeners(0, end.signal); // one for each question that is under way
  const asked = words[0] === undefined ? undefined : urlOf(words[0]);
  const certain = { insecure: insecure === true, key: settings.PUBLISH_KEY, signal: end.signal };
  const target: Target = asked
    ? { ...certain, url: asked }
    : await findUrl(certain, placesOf(settings.CORS_OWNER === 'proxy'));
  const word = `doctor-${newEpoch(randomInt)}${newEpoch(randomInt)}`;
  const one: Case = {
    target,
    settings,
    channel: word,
    origins: originsOf(settings.CORS_ORIGINS, named, word),
    slow: slow === true,
    patience: PATIENCE,
    machine: thisMachine,
    cleanUp: [],
  };
  const { origin } = target.url;
  if (!json) print(asked ? `Pinstream at ${origin}` : `Pinstream at ${origin} (no other address was given)`);
  const checks: Finding[] = [];
  for (const findings of away ? examineAway(one) : examine(one)) {
    for (const finding of await findings) {
      checks.push(finding);
      if (!json) print(lineOf(finding));
    }
  }
  end.abort();
  await Promise.allSettled(one.cleanUp.map((close) => close()));
  const faults = checks.filter(({ state }) => state === 'fault').length;
  if (json) print(JSON.stringify({ url: origin, ok: faults === 0, checks }));
  else print(`\n${summaryOf(checks, faults)}`);
  if (faults > 0) process.exitCode = 1;
}

function lineOf({ name, state, text, ms }: Finding): string {
  return `${SIGNS[state]} ${name.padEnd(NAME_WIDTH)} ${text}${ms === undefined ? '' : ` (${ms} ms)`}`;
}

function summaryOf(checks: readonly Finding[], faults: number): string {
  const skipped = checks.filter(({ state }) => state === 'skipped').length;
  const rest = skipped === 0 ? '' : ` Not looked at: ${skipped} of ${checks.length}.`;
  if (faults === 0) return `All is well.${rest}`;
  return `Something is wrong: ${faults} of ${checks.length}.${rest}`;
}

function urlOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search !== '')
    throw new Mistakes(['URL must be an address like http://raspberrypi.local, without a path.'], 64);
  return url;
}

function originOf(text: string | boolean | undefined): string | undefined {
  if (typeof text !== 'string') return undefined;
  try {
    const [origin, ...more] = origins(text);
    if (origin !== undefined && origin !== '*' && more.length === 0) return origin;
  } catch {
    // said below
  }
  throw new Mistakes(['--origin must be an origin like https://a.example, without a path.'], 64);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
