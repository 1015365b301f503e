import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { GaveUp } from '../bus/producer.ts';
import { connectPublisher } from '../bus/sendEvent.ts';
import { sharesRedis } from '../bus/store.ts';
import { channelProblem } from '../contract/channel.ts';
import { dataProblem, MESSAGE, nameProblem } from '../contract/event.ts';
import { createLog } from '../lib/log.ts';
import { duration, type Settings } from '../lib/settings.ts';
import { type Call, type Command, Mistakes } from './flags.ts';
import { REDIS } from './groups.ts';

export const publish: Command = {
  name: 'publish',
  usage: 'pinstream publish CHANNEL [TEXT|-] [options]',
  summary:
    'Publishes TEXT, or each line of the standard input, and prints the id of each event once it is kept.',
  options: [
    { name: 'event', value: 'NAME', help: 'The name of the event [message]' },
    {
      name: 'url',
      value: 'URL',
      help: 'The app to publish through, when REDIS_URL is not set [http://localhost:8080]',
    },
    { name: 'wait', value: 'TIME', help: 'For how long to go on trying when nobody answers [10s]' },
  ],
  settings: [...REDIS, 'PUBLISH_KEY'],
  words: { least: 1, most: 2 },
  run: runPublish,
};

type Send = (data: string) => Promise<string>;

async function runPublish({ settings, words, options }: Call): Promise<void> {
  const [channel = '', text = '-'] = words;
  const name = String(options.event ?? MESSAGE);
  const wait = waitOf(options.wait);
  const problem = channelProblem(channel) ?? nameProblem(name);
  if (problem) throw new Mistakes([problem], 64);
  const url = String(options.url ?? 'http://localhost:8080');
  if (!URL.canParse('/events', url))
    throw new Mistakes(['--url must be an address like http://raspberrypi.local'], 64);
  const { send, close } = sharesRedis(settings)
    ? await throughRedis(settings, channel, name, wait)
    : throughApp(url, settings.PUBLISH_KEY, channel, name, wait);
  try {
    for await (const data of text === '-' ? createInterface({ input: process.stdin }) : [text]) {
      const tooLarge = dataProblem(data);
      if (tooLarge) throw new Mistakes([tooLarge], 64);
      process.stdout.write(`${await send(data)}\n`);
    }
  } finally {
    await close();
  }
}

function waitOf(text: string | boolean | undefined): number {
  try {
    return duration(String(text ?? '10s'));
  } catch (error) {
    throw new Mistakes([`--wait must be ${(error as Error).message}.`], 64);
  }
}

async function throughRedis(settings: Settings, channel: string, name: string, patience: number) {
  const publisher = await connectPublisher({ settings, patience, log: createLog({ level: 'error' }) });
  const send: Send = (data) => publisher.sendEvent(name, data, { channel });
  return { send, close: () => publisher.close() };
}

/** The same idempotency key with each try: an answer that got lost does not make two events. */
function throughApp(url: string, token: string, channel: string, event: string, patience: number) {
  const headers = {
    'Content-Type': 'application/json',
    ...(token ? { Authorization: `Bearer ${token}` } : {}),
  };
  const send: Send = async (data) => {
    const body = JSON.stringify({ channel, event, data, key: randomBytes(12).toString('base64url') });
    const deadline = performance.now() + patience;
    for (;;) {
      const signal = AbortSignal.timeout(Math.max(1, Math.ceil(deadline - performance.now())));
      const asked = fetch(new URL('/events', url), { method: 'POST', headers, body, signal });
      const answer = await asked.catch(() => undefined);
      if (answer?.ok) return ((await answer.json()) as { id: string }).id;
      const again =
        answer === undefined || answer.status === 503 || answer.status === 502 || answer.status === 504;
      if (!again || performance.now() > deadline) throw new GaveUp(await whyNot(url, answer));
      await sleep(250);
    }
  };
  return { send, close: async () => undefined };
}

async function whyNot(url: string, answer: Response | undefined): Promise<string> {
  if (!answer)
    return `Nobody answers at ${url}. Is Pinstream running there? Say where with --url, or set REDIS_URL.`;
  const said = (await answer.json().catch(() => ({}))) as { error?: string };
  const hint = answer.status === 401 ? ' Set PUBLISH_KEY to it.' : '';
  return `${said.error ?? `The app answered ${answer.status}.`}${hint}`;
}
