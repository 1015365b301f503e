import { channelProblem } from '../contract/channel.ts';
import { formatCursor } from '../contract/cursor.ts';
import { DEFAULT_CHANNEL } from '../contract/device.ts';
import { dataProblem, nameProblem } from '../contract/event.ts';
import { envTexts } from '../lib/env.ts';
import { createLog, type Log } from '../lib/log.ts';
import { readSettings, type Settings } from '../lib/settings.ts';
import { GaveUp, Producer } from './producer.ts';
import { createStore, sharesRedis } from './store.ts';

export interface SendOptions {
  /** Default: `sse`. */
  readonly channel?: string;
  /** When it happened, in milliseconds since 1970. Default: now. */
  readonly at?: number;
}

export interface PublisherOptions {
  /** Default: what the environment says, as for the app. */
  readonly settings?: Settings;
  /** Milliseconds that an event may wait for a Redis that is away. Default: 10 s. */
  readonly patience?: number;
  readonly log?: Log;
}

/** Something that publishes from a process of its own: a web backend, a script. */
export interface Publisher {
  /** Resolves with the event's id once Redis has it; rejects with a sentence that names the event when it was given up. */
  sendEvent(name: string, data: unknown, options?: SendOptions): Promise<string>;
  /** Gives up what still waits for Redis: await what was sent before, if it shall not be lost. */
  close(): Promise<void>;
}

const PATIENCE_MS = 10_000;
/** What may wait for Redis in one process: through a longer outage its memory would grow without end. */
const MOST_WAITING = 100_000;
const MOST_WAITING_BYTES = 64 * 1_048_576;

/** Connects to the Redis that the app uses. What is sent is kept in its order, each once, through outages. */
export async function connectPublisher(options: PublisherOptions = {}): Promise<Publisher> {
  const { patience = PATIENCE_MS, log = createLog({ level: 'warn' }) } = options;
  const settings = options.settings ?? settingsOfEnvironment();
  if (!sharesRedis(settings)) {
    throw new Error(
      'REDIS_URL is not set: say which Redis the app uses, as REDIS_URL=redis://localhost:6379.',
    );
  }
  const { bus } = createStore(settings, log);
  await bus.start();
  const producer = new Producer(bus, { patience, limit: MOST_WAITING, bytes: MOST_WAITING_BYTES });
  return {
    async sendEvent(name, data, { channel = DEFAULT_CHANNEL, at = Date.now() } = {}) {
      const text = typeof data === 'string' ? data : JSON.stringify(data);
      const problem =
        channelProblem(channel) ??
        nameProblem(name) ??
        (text === undefined ? 'There is no data.' : dataProblem(text)) ??
        (Math.abs(at) <= 8.64e15 ? undefined : '"at" must be a time in milliseconds since 1970.');
      if (problem) throw new TypeError(problem);
      try {
        const { epoch, n } = await producer.send({ channel, name, data: text, at });
        return formatCursor(epoch, n);
      } catch (error) {
        throw notPublished(name, channel, error as Error);
      }
    },
    async close() {
      const { waiting } = producer;
      // Whoever sends without waiting for the answer would not hear of it otherwise.
      if (waiting > 0)
        log.error({ lost: waiting }, 'Events were lost: Redis could not be reached before the end.');
      producer.close();
      await bus.close();
    },
  };
}

let shared: Promise<Publisher> | undefined;

/**
 * Flask-SSE's `send_event`: publishes to the Redis of the environment (REDIS_URL, REDIS_PREFIX), to which it connects at the
 * first call. `await sendEvent('myevent', {message: 'Hello!'}, {channel: 'logs'})`
 */
export async function sendEvent(name: string, data: unknown, options?: SendOptions): Promise<string> {
  shared ??= connectPublisher();
  const publisher = await shared.catch((error: unknown) => {
    shared = undefined;
    throw error;
  });
  return publisher.sendEvent(name, data, options);
}

/** Ends what `sendEvent` has opened, so that the process can end. */
export async function closeSendEvent(): Promise<void> {
  const closing = shared;
  shared = undefined; // at once: what is sent from now on shall not go to one that closes
  const publisher = await closing?.catch(() => undefined);
  await publisher?.close();
}

function notPublished(name: string, channel: string, cause: Error): GaveUp {
  return new GaveUp(`The event "${name}" on channel "${channel}" was not published. ${cause.message}`, {
    cause,
  });
}

function settingsOfEnvironment(): Settings {
  const { texts, problems } = envTexts();
  const { settings, problems: more } = readSettings(texts);
  if (problems.length + more.length > 0) throw new Error([...problems, ...more].join('\n'));
  return settings;
}
