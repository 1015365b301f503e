import { sharesRedis } from '../bus/store.ts';
import { channelProblem } from '../contract/channel.ts';
import { dataProblem, MESSAGE, nameProblem } from '../contract/event.ts';
import { duration } from '../lib/settings.ts';
import { appDoor } from './appDoor.ts';
import { type Door, isAway } from './door.ts';
import { type Call, type Command, Mistakes } from './flags.ts';
import { REDIS } from './groups.ts';
import { inputLines } from './inputLines.ts';
import { redisDoor } from './redisDoor.ts';
import { Unpublished } from './unpublished.ts';

export const publish: Command = {
  name: 'publish',
  usage: 'pinstream publish CHANNEL [TEXT|-] [options]',
  summary:
    'Publishes TEXT, or each line of the standard input in its order, and prints the id of each event once it is kept.',
  options: [
    { name: 'event', value: 'NAME', help: 'The name of the event [message]' },
    {
      name: 'url',
      value: 'URL',
      help: 'The app to publish through, when REDIS_URL is not set [http://localhost:8080]',
    },
    {
      name: 'wait',
      value: 'TIME',
      help: 'For how long a line waits when nobody answers [10s]. It is given up then, and each that follows is tried once until somebody answers: what was given up is said, and the exit code is 1',
    },
  ],
  settings: [...REDIS, 'PUBLISH_KEY'],
  words: { least: 1, most: 2 },
  run: runPublish,
};

async function runPublish({ settings, words, options }: Call): Promise<void> {
  const [channel = '', text = '-'] = words;
  const name = String(options.event ?? MESSAGE);
  const wait = waitOf(options.wait);
  const problem =
    channelProblem(channel) ?? nameProblem(name) ?? (text === '-' ? undefined : dataProblem(text));
  if (problem) throw new Mistakes([problem], 64);
  const url = String(options.url ?? 'http://localhost:8080');
  if (!URL.canParse('/events', url))
    throw new Mistakes(['--url must be an address like http://raspberrypi.local'], 64);
  const door = sharesRedis(settings)
    ? await redisDoor(settings, channel, name)
    : appDoor(url, settings.PUBLISH_KEY, channel, name);
  try {
    if (text === '-') await publishLines(door, wait);
    else await publishText(door, text, wait);
  } finally {
    await door.close();
  }
}

function waitOf(text: string | boolean | undefined): number {
  try {
    return duration(String(text ?? '10s'));
  } catch (error) {
    throw new Mistakes([`--wait must be ${(error as Error).message}.`], 64);
  }
}

async function publishText(door: Door, text: string, wait: number): Promise<void> {
  endOnSignal(() => 'this may not have been published.');
  const [outcome] = await door.send([text], wait);
  if (outcome && 'id' in outcome) return print(outcome.id);
  say(outcome?.problem ?? '');
  process.exitCode = 1;
}

/**
 * Somebody pipes a log into this: a line that was given up does not keep the next ones from being published as soon as that is
 * possible again. Until then each is tried once, so that a file comes to its end, and a program that writes goes on.
 */
async function publishLines(door: Door, wait: number): Promise<void> {
  const unpublished = new Unpublished(say);
  let line = 0; // the last one that is done
  let left = 0; // those that are read and not done
  let away = false;
  endOnSignal(() => {
    unpublished.end(line);
    return left > 0 ? `line ${line + 1} and those after it may not have been published.` : undefined;
  });
  try {
    for await (const lines of inputLines(standardInput())) {
      left = lines.length;
      while (left > 0) {
        const at = lines.length - left;
        const outcomes = await sendGood(door, lines.slice(at, at + door.most), away ? 0 : wait);
        left -= outcomes.length;
        away = outcomes.some(isAway) || (away && !outcomes.some((outcome) => 'id' in outcome));
        for (const outcome of outcomes) {
          line++;
          if ('problem' in outcome) unpublished.failed(line, outcome.problem);
          else unpublished.published(line);
        }
        print(...outcomes.flatMap((outcome) => ('id' in outcome ? [outcome.id] : [])));
      }
    }
  } catch (error) {
    unpublished.end(line);
    say(`Line ${line + 1} and those after it were not published.`);
    throw error;
  }
  unpublished.end(line);
  if (unpublished.count > 0) process.exitCode = 1;
}

/** Sends the first few. One that can never be an event is not sent at all, and no reason to stop. */
async function sendGood(door: Door, lines: readonly string[], patience: number) {
  const bad = lines.findIndex((line) => dataProblem(line) !== undefined);
  if (bad === 0) return [{ problem: dataProblem(lines[0] ?? '') ?? '', away: false }];
  return door.send(bad < 0 ? lines : lines.slice(0, bad), patience);
}

async function* standardInput(): AsyncGenerator<string> {
  try {
    yield* process.stdin.setEncoding('utf8') as AsyncIterable<string>;
  } catch (error) {
    throw new Error(`The standard input cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

/** Ctrl-C ends it at once; what was not published is said. The status is that of the signal. */
function endOnSignal(lost: () => string | undefined): void {
  const statuses = { SIGINT: 130, SIGTERM: 143 } as const;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      const what = lost();
      if (what) say(`${signal}: ${what}`);
      process.exit(statuses[signal]);
    });
  }
}

function print(...ids: string[]): void {
  if (ids.length > 0) process.stdout.write(`${ids.join('\n')}\n`);
}

function say(sentence: string): void {
  process.stderr.write(`${sentence}\n`);
}
